//! The delivery ladder: how one code reaches the trusted devices of an account. A pure rule: an event comes in, and what to do about
//! it comes out. The user actor carries it out (`actors/user/`); a model explores it (`tests/model/ladder/`).
//!
//! Each device stands on a rung of its own:
//!
//! ```text
//! planned ──shown here──────────────▶ awaited ──receipt "shown"──▶ done
//!    │                                 ▲  │
//!    └─not here─▶ asked ──another node─┘  ├──window over───────────┐
//!                  │      holds it        └──receipt "not shown"───┤
//!                  │                                               ▼
//!                  ├──nobody holds it, a provider knows it───▶ planning a push ──▶ pushed ──▶ done
//!                  └──nobody holds it, no provider───────────▶ unreachable, with the reason
//! ```
//!
//! The state is that of one code on the node that works it. It is lost with the node, and nothing else is: every delivery that has a
//! next step is due in the database at a time, and then a sweeper hands it to a node that lives (`Planned::already_sent`).
//! The ladder knows no durations. The receipt window (`delivery.receipt_window_ms`) is kept twice: a timer of this node
//! (`actors::user::deliver`), and when the delivery becomes due for others should this node be lost (`actors::user::record`).
//!
//! The ladder of a code that is over is dropped: nothing comes of an event that is late.

mod messages;
mod rungs;

use std::collections::{BTreeMap, BTreeSet};

pub use messages::{Action, DeliveryUpdate, Event, Others, Planned, PushEnd, PushPlan, PushResult, Round, Shown};

use super::{DeliveryState, Reach, UnreachableReason};
use crate::domain::challenge::limits::MAX_UNANSWERED_ALERTS;
use crate::domain::value::id::{DeliveryId, DeviceId};
use rungs::{Next, Rung};

/// Answers of other nodes that may come before this one knows what it asks.
const MAX_EARLY: usize = 64;

/// How far the deliveries of one code came on this node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Ladder {
    rungs: BTreeMap<DeviceId, Rung>,
    early: BTreeSet<DeviceId>,
    round: Round,
}

impl Ladder {
    /// Takes an event in, and says what to do about it.
    #[must_use]
    pub fn handle(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Planned(planned, others) => self.begin(planned, others),
            Event::HeldElsewhere(device) => self.hear(device),
            Event::AskedLongEnough(round) => self.end_asking(round),
            Event::Receipt(device, shown) => self.receipt(device, shown),
            Event::ReceiptWritten(device) => self.receipt_written(device),
            Event::ReceiptElsewhere(device, shown) => self.receipt_elsewhere(device, shown),
            Event::WindowOver(round) => self.end_window(round),
            Event::PushesPlanned(plans) => self.pushes_planned(plans),
            Event::PushEnded(end) => vec![push_ended(end)],
        }
    }

    /// Whether other nodes are still asked for devices.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.rungs.values().any(|rung| matches!(rung, Rung::Asked { .. }))
    }

    /// Whether a receipt of this device is awaited.
    #[must_use]
    pub fn awaits_receipt_of(&self, device: DeviceId) -> bool {
        matches!(self.rungs.get(&device), Some(Rung::Awaited { .. }))
    }

    /// Whether a receipt for this delivery is still awaited.
    #[must_use]
    pub fn awaits(&self, wanted: DeliveryId) -> bool {
        self.rungs.values().any(|rung| matches!(rung, Rung::Awaited { delivery, .. } if *delivery == wanted))
    }

    fn begin(&mut self, planned: Vec<Planned>, others: Others) -> Vec<Action> {
        // Pushes alone were taken over.
        if planned.is_empty() {
            return Vec::new();
        }
        self.round += 1;
        let round = self.round;
        let mut next = Next::default();
        for Planned { device, delivery, reach, already_sent, is_shown_here } in planned {
            let Some(reach) = reach else {
                self.rungs.remove(&device);
                next.updates.push(DeliveryUpdate::to_connection(delivery, DeliveryState::Cancelled));
                continue;
            };
            let is_overdue = already_sent && reach.unreachable_reason().is_none();
            let rung = if is_overdue {
                next.push(device, delivery)
            } else if is_shown_here {
                next.sent.push(delivery);
                Rung::Awaited { delivery, round }
            } else if others != Others::None {
                Rung::Asked { delivery, reach, round, is_held: self.early.contains(&device) }
            } else if let Some(rung) = next.reach(device, delivery, reach) {
                rung
            } else {
                self.rungs.remove(&device);
                continue;
            };
            self.rungs.insert(device, rung);
        }
        self.early.clear();
        let mut actions = next.actions();
        if self.is_asking_in(round) {
            actions.push(Action::AskOthers { round, are_to_be_told: others == Others::ToBeTold });
        } else {
            actions.extend(self.end_asking(round));
        }
        actions
    }

    fn hear(&mut self, device: DeviceId) -> Vec<Action> {
        match self.rungs.get_mut(&device) {
            Some(Rung::Asked { is_held, round, .. }) => {
                *is_held = true;
                let round = *round;
                if self.is_asking_in(round) { Vec::new() } else { self.end_asking(round) }
            }
            None if self.early.len() < MAX_EARLY => {
                self.early.insert(device);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Whether there are devices that nobody spoke up for.
    fn is_asking_in(&self, of: Round) -> bool {
        let is_silent = |rung: &Rung| matches!(rung, Rung::Asked { round, is_held: false, .. } if *round == of);
        self.rungs.values().any(is_silent)
    }

    /// What another node holds is waited for; what nobody holds goes on to push, or is out of reach.
    fn end_asking(&mut self, of: Round) -> Vec<Action> {
        let mut next = Next::default();
        self.rungs.retain(|device, rung| {
            let (delivery, reach, is_held) = match *rung {
                Rung::Asked { delivery, reach, round, is_held } if round == of => (delivery, reach, is_held),
                _ => return true,
            };
            if is_held {
                next.sent.push(delivery);
                *rung = Rung::Awaited { delivery, round: of };
                return true;
            }
            let further = next.reach(*device, delivery, reach);
            further.is_some_and(|further| {
                *rung = further;
                true
            })
        });
        let mut actions = next.actions();
        if self.rungs.values().any(|rung| matches!(rung, Rung::Awaited { round, .. } if *round == of)) {
            actions.push(Action::AwaitReceipts(of));
        }
        actions
    }

    fn receipt(&mut self, device: DeviceId, shown: Shown) -> Vec<Action> {
        let Some(Rung::Awaited { delivery, .. }) = self.rungs.get(&device).copied() else { return Vec::new() };
        match shown {
            Shown::Yes => self.rungs.remove(&device),
            Shown::No => self.rungs.insert(device, Rung::NotShown { delivery }),
        };
        vec![Action::CountReceipt(shown)]
    }

    /// It came, but is not on the screen: a notification may be.
    fn receipt_written(&mut self, device: DeviceId) -> Vec<Action> {
        match self.rungs.get(&device) {
            Some(Rung::NotShown { .. }) => self.plan_pushes(&[device]),
            _ => Vec::new(),
        }
    }

    /// What is said on the bus is believed no further than that: whether a device shows the code is read from the database when the
    /// window is over, so nobody can keep a code from being pushed by saying so.
    fn receipt_elsewhere(&mut self, device: DeviceId, shown: Shown) -> Vec<Action> {
        match (self.rungs.get(&device), shown) {
            (Some(Rung::Awaited { .. }), Shown::No) => {
                let mut actions = vec![Action::CountReceipt(shown)];
                actions.extend(self.plan_pushes(&[device]));
                actions
            }
            (Some(Rung::Awaited { .. } | Rung::Asked { is_held: true, .. }), Shown::Yes) => {
                vec![Action::CountReceipt(shown)]
            }
            _ => Vec::new(),
        }
    }

    fn end_window(&mut self, of: Round) -> Vec<Action> {
        let is_silent = |rung: &Rung| matches!(rung, Rung::Awaited { round, .. } if *round == of);
        let silent = self.rungs.iter().filter(|(_, rung)| is_silent(rung)).map(|(device, _)| *device);
        let silent: Vec<DeviceId> = silent.collect();
        self.plan_pushes(&silent)
    }

    fn plan_pushes(&mut self, devices: &[DeviceId]) -> Vec<Action> {
        let mut next = Next::default();
        for device in devices {
            if let Some(rung) = self.rungs.get_mut(device) {
                *rung = next.push(*device, rung.delivery());
            }
        }
        next.actions()
    }

    /// Of the devices that get no push, those that hold the code here rest there. That another node holds one is hearsay: a device that
    /// then says nothing did not get the code.
    fn pushes_planned(&mut self, plans: Vec<(DeviceId, PushPlan)>) -> Vec<Action> {
        let mut next = Next::default();
        for (device, plan) in plans {
            let Some(Rung::PlanningPush { delivery }) = self.rungs.get(&device).copied() else { continue };
            self.rungs.remove(&device);
            match plan {
                PushPlan::Pushed => {}
                PushPlan::NotPushed { is_shown_here: true } => {
                    next.updates.push(DeliveryUpdate::to_connection(delivery, DeliveryState::Accepted));
                }
                PushPlan::NotPushed { is_shown_here: false } => {
                    let failed = DeliveryUpdate::to_connection(delivery, DeliveryState::Failed);
                    next.updates.push(DeliveryUpdate { detail: Some("no_receipt"), ..failed });
                }
            }
        }
        next.actions()
    }
}

fn push_ended(PushEnd { delivery, channel, outcome, detail }: PushEnd) -> Action {
    let (state, reason) = match outcome {
        // There is no room for it in this node's memory: the database keeps it for whoever has room.
        PushResult::NoRoom => return Action::Postpone { delivery, detail },
        PushResult::Accepted => (DeliveryState::Accepted, None),
        PushResult::Refused => (DeliveryState::Failed, None),
        PushResult::AddressForgotten => (DeliveryState::Unreachable, Some(UnreachableReason::TokenExpired)),
    };
    Action::Record(vec![DeliveryUpdate { delivery, channel, state, reason, detail: Some(detail) }])
}

/// Whether a device for which a push is planned gets one. The database decides: `sql/queries/delivery/escalate.sql` holds the same
/// rule, and `tests/ladder/rule.rs` compares the two.
#[must_use]
pub fn gets_push(reach: Option<&Reach>, shows_the_code: bool, has_a_push_of_it: bool) -> bool {
    let is_reached = reach.is_some_and(|reach| reach.unreachable_reason().is_none());
    is_reached && !shows_the_code && !has_a_push_of_it
}

/// Whether the pushes of a code ring: after [`MAX_UNANSWERED_ALERTS`] codes that rang and that nobody answered they are silent. A code that rang on one
/// device rings on all.
#[must_use]
pub fn rings(rang: bool, unanswered: i16) -> bool {
    rang || unanswered < MAX_UNANSWERED_ALERTS
}
