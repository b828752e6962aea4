//! Where a device stands on the ladder, and what comes next for several.

use super::super::{DeliveryState, Reach};
use super::messages::{Action, DeliveryUpdate, Round};
use crate::domain::value::id::{DeliveryId, DeviceId};

/// Where a device stands that is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Rung {
    /// Other nodes are asked whether they hold its connection; one that does is waited for with the others.
    Asked { delivery: DeliveryId, reach: Reach, round: Round, is_held: bool },
    /// The code is on a connection of it, and a receipt is awaited.
    Awaited { delivery: DeliveryId, round: Round },
    /// It said that the code is not on its screen; that is being written down.
    NotShown { delivery: DeliveryId },
    /// The database plans a push to it.
    PlanningPush { delivery: DeliveryId },
}

impl Rung {
    pub(super) fn delivery(self) -> DeliveryId {
        match self {
            Self::Asked { delivery, .. }
            | Self::Awaited { delivery, .. }
            | Self::NotShown { delivery }
            | Self::PlanningPush { delivery } => delivery,
        }
    }
}

/// What follows for several devices at once.
#[derive(Default)]
pub(super) struct Next {
    pub(super) sent: Vec<DeliveryId>,
    pub(super) updates: Vec<DeliveryUpdate>,
    pushes: Vec<DeviceId>,
}

impl Next {
    pub(super) fn push(&mut self, device: DeviceId, delivery: DeliveryId) -> Rung {
        self.pushes.push(device);
        Rung::PlanningPush { delivery }
    }

    /// For a device that nobody holds: push, or the reason why not, and it is done.
    pub(super) fn reach(&mut self, device: DeviceId, delivery: DeliveryId, reach: Reach) -> Option<Rung> {
        match reach.unreachable_reason() {
            None => Some(self.push(device, delivery)),
            Some(reason) => {
                let unreachable = DeliveryUpdate::to_connection(delivery, DeliveryState::Unreachable);
                self.updates.push(DeliveryUpdate { reason: Some(reason), ..unreachable });
                None
            }
        }
    }

    pub(super) fn actions(self) -> Vec<Action> {
        let mut actions = Vec::new();
        if !self.sent.is_empty() {
            actions.push(Action::RecordSent(self.sent));
        }
        if !self.updates.is_empty() {
            actions.push(Action::Record(self.updates));
        }
        if !self.pushes.is_empty() {
            actions.push(Action::PlanPushes(self.pushes));
        }
        actions
    }
}
