//! What may happen next, and what comes of it. The ladder is the product's own; around it the model does what the user actor, the
//! database and the way between nodes do.

use stateright::{Model, Property};
use twostep::domain::delivery::ladder::{
    Action, Event, Ladder, Others, Planned, PushEnd, PushPlan, PushResult, Shown, gets_push,
};
use twostep::domain::delivery::{Channel, DeliveryState, Reach};
use twostep::domain::value::id::{DeliveryId, DeviceId};
use uuid::Uuid;

use super::breakages::Breakage;
use super::world::{DEVICES, Delivery, Message, NODES, PUSHABLE, Row, Work, World, Wrong};

pub const SETTLED: &str = "no device is left without a next step or a reason";
pub const BOUNDED: &str = "a device is pushed once, and once more for each node that dies";
pub const ORDERLY: &str = "nothing follows the end, nothing is pushed that is shown, and no receipt is lost";
/// What must be possible: otherwise the model looks at too little.
pub const REACHED: [&str; 5] = [
    "a push is made",
    "another node's receipt is awaited",
    "a device is out of reach",
    "a receipt comes first",
    "another node takes over",
];

/// One code on its way.
#[derive(Debug, Clone, Copy)]
pub struct Climbing {
    /// Those that are there.
    pub devices: &'static [usize],
    pub mishaps: u8,
    pub broken: Option<Breakage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// The node that issued the code begins.
    Begin,
    /// Work of a node comes to its end.
    Finish(usize, Work),
    /// A push comes to this end.
    PushEnds(usize, usize, PushResult),
    Hear(Message),
    /// The same, and it comes once more later.
    HearAndKeep(Message),
    Lose(Message),
    /// Somebody says on the bus what is not so.
    Forge(Message),
    Says(usize, bool),
    Crash(usize),
    /// A sweeper of this node takes up what is due and nobody works.
    Sweep(usize),
    End,
}

fn device_id(device: usize) -> DeviceId {
    DeviceId::new(Uuid::from_u128(device as u128))
}

fn place_of(device: DeviceId) -> usize {
    usize::try_from(device.uuid().as_u128()).expect("one of the model's")
}

fn delivery_id(delivery: Delivery) -> DeliveryId {
    let (base, device) = match delivery {
        Delivery::ToConnection(device) => (16, device),
        Delivery::Push(device) => (32, device),
    };
    DeliveryId::new(Uuid::from_u128(base + device as u128))
}

fn delivery_of(id: DeliveryId) -> Delivery {
    let number = usize::try_from(id.uuid().as_u128()).expect("one of the model's");
    if number >= 32 { Delivery::Push(number - 32) } else { Delivery::ToConnection(number - 16) }
}

fn reach(device: usize) -> Reach {
    Reach { notifications_allowed: true, has_push_address: device == PUSHABLE, push_address_expired: false }
}

fn state_named(name: &str) -> DeliveryState {
    name.parse().expect("a state")
}

impl Climbing {
    fn is(&self, breakage: Breakage) -> bool {
        self.broken == Some(breakage)
    }

    /// The ladder takes an event in; what it says is under way then.
    fn event(&self, world: &mut World, node: usize, event: Event) {
        let event = match event {
            Event::ReceiptWritten(_) if self.is(Breakage::NotShownIsForgotten) => return,
            Event::ReceiptElsewhere(device, shown) if self.is(Breakage::BelievesReceipts) => {
                Event::Receipt(device, shown)
            }
            Event::PushesPlanned(plans) if self.is(Breakage::HearsayRests) => {
                let rest =
                    |plan| if plan == PushPlan::Pushed { plan } else { PushPlan::NotPushed { is_shown_here: true } };
                Event::PushesPlanned(plans.into_iter().map(|(device, plan)| (device, rest(plan))).collect())
            }
            event => event,
        };
        let Some(ladder) = &mut world.nodes[node].ladder else { return };
        for action in ladder.handle(event) {
            self.carry_out(world, node, action);
        }
    }

    fn carry_out(&self, world: &mut World, node: usize, action: Action) {
        let work = match action {
            Action::AskOthers { round, are_to_be_told } => {
                if are_to_be_told {
                    world.between.insert(Message::CodeIssued { to: 1 - node });
                }
                if self.is(Breakage::AsksForever) {
                    return;
                }
                Work::Ask(round)
            }
            Action::AwaitReceipts(_) if self.is(Breakage::WaitsForever) => return,
            Action::AwaitReceipts(round) => Work::Window(round),
            Action::RecordSent(deliveries) => Work::WriteSent(
                deliveries
                    .into_iter()
                    .map(|id| match delivery_of(id) {
                        Delivery::ToConnection(device) | Delivery::Push(device) => device,
                    })
                    .collect(),
            ),
            Action::Record(updates) => {
                let is_dropped = |delivery: Delivery| match delivery {
                    Delivery::Push(_) => self.is(Breakage::PushOutcomeIsForgotten),
                    Delivery::ToConnection(_) => self.is(Breakage::ReasonIsForgotten),
                };
                let all = updates.into_iter().map(|update| (delivery_of(update.delivery), update.state.as_str()));
                let kept: Vec<_> = all.filter(|(delivery, _)| !is_dropped(*delivery)).collect();
                if kept.is_empty() {
                    return;
                }
                Work::Write(kept)
            }
            Action::Postpone { .. } if self.is(Breakage::PostponedIsForgotten) => return,
            Action::Postpone { delivery, .. } => match delivery_of(delivery) {
                Delivery::Push(device) | Delivery::ToConnection(device) => Work::Postpone(device),
            },
            Action::PlanPushes(_) if self.is(Breakage::PlansNoPush) => return,
            Action::PlanPushes(devices) => Work::PlanPushes(devices.into_iter().map(place_of).collect()),
            Action::CountReceipt(_) => return,
        };
        world.nodes[node].work.insert(work);
    }

    /// The code is written to the connection of a device, if this node holds it.
    fn show(world: &mut World, node: usize, device: usize) -> bool {
        let is_here = world.devices[device].connected_to == Some(node);
        world.devices[device].has_code |= is_here;
        is_here
    }

    fn begin(&self, world: &mut World, node: usize, rows: &[(usize, Row)]) {
        let planned = rows.iter().map(|(device, row)| Planned {
            device: device_id(*device),
            delivery: delivery_id(Delivery::ToConnection(*device)),
            reach: Some(reach(*device)),
            already_sent: row.state != DeliveryState::Pending,
            is_shown_here: Self::show(world, node, *device),
        });
        let planned = planned.collect();
        world.nodes[node].ladder.get_or_insert_with(Ladder::default);
        self.event(world, node, Event::Planned(planned, Others::ToBeTold));
    }

    fn finish(&self, world: &mut World, node: usize, work: Work) -> Option<()> {
        match work {
            Work::Ask(round) => self.event(world, node, Event::AskedLongEnough(round)),
            Work::Window(round) => self.event(world, node, Event::WindowOver(round)),
            Work::WriteSent(devices) => {
                let is_due = !self.is(Breakage::SentIsNotDue);
                for device in devices {
                    let delivery = Delivery::ToConnection(device);
                    let ladder = world.nodes[node].ladder.as_ref()?;
                    if ladder.awaits(delivery_id(delivery)) {
                        world.database.write(delivery, DeliveryState::Accepted, is_due);
                    }
                }
            }
            Work::Write(all) => {
                for (delivery, state) in all {
                    self.write(world, delivery, state_named(state));
                }
            }
            Work::PlanPushes(devices) => self.plan_pushes(world, node, &devices),
            Work::Planned(plans) => {
                for (device, is_pushed) in &plans {
                    if *is_pushed {
                        world.nodes[node].work.insert(Work::Push(*device));
                    }
                }
                let plan = |(device, is_pushed): (usize, bool)| {
                    let is_shown_here =
                        world.devices[device].has_code && world.devices[device].connected_to == Some(node);
                    let plan = if is_pushed { PushPlan::Pushed } else { PushPlan::NotPushed { is_shown_here } };
                    (device_id(device), plan)
                };
                let plans = plans.into_iter().map(plan).collect();
                self.event(world, node, Event::PushesPlanned(plans));
            }
            Work::Postpone(device) => {
                let keeps_claim = self.is(Breakage::PostponedStaysClaimed);
                let row = world.database.pushes[device].as_mut().filter(|row| row.is_due)?;
                row.claimed_by = row.claimed_by.filter(|_| keeps_claim);
            }
            Work::WriteReceipt(device, is_shown) => {
                world.database.write_receipt(device, is_shown);
                world.between.insert(Message::Receipt { to: 1 - node, device, is_shown });
                self.event(world, node, Event::ReceiptWritten(device_id(device)));
            }
            // It has three ends.
            Work::Push(_) => return None,
        }
        Some(())
    }

    fn write(&self, world: &mut World, delivery: Delivery, state: DeliveryState) {
        if let (Delivery::ToConnection(device), DeliveryState::Accepted) = (delivery, state)
            && !world.devices[device].has_code
        {
            world.wrong.insert(Wrong::SaysSentWithoutSending);
        }
        let before = world.database.row(delivery).map(|row| row.state);
        match world.database.row(delivery) {
            Some(row) if self.is(Breakage::WritesOverReceipts) => (row.state, row.is_due) = (state, false),
            _ => world.database.write(delivery, state, false),
        }
        let after = world.database.row(delivery).map(|row| row.state);
        if before == Some(DeliveryState::Shown) && after != before {
            world.wrong.insert(Wrong::ReceiptLost);
        }
    }

    /// As `delivery/escalate.sql` does, with the rule that is held to it.
    fn plan_pushes(&self, world: &mut World, node: usize, devices: &[usize]) {
        if !world.database.is_open && !self.is(Breakage::PlansAfterTheEnd) {
            return;
        }
        let mut plans = Vec::new();
        for &device in devices {
            let shows = world.database.to_connection[device].state == DeliveryState::Shown;
            let has_push = world.database.pushes[device].is_some();
            let (shows_for_rule, has_push_for_rule) =
                (shows && !self.is(Breakage::PushesWhatIsShown), has_push && !self.is(Breakage::PushesTwice));
            let is_pushed = gets_push(Some(&reach(device)), shows_for_rule, has_push_for_rule);
            if is_pushed {
                if !world.database.is_open {
                    world.wrong.insert(Wrong::PushedAfterTheEnd);
                }
                if shows {
                    world.wrong.insert(Wrong::PushedWhatIsShown);
                }
                let push = Row { state: DeliveryState::Pending, is_due: true, claimed_by: Some(node) };
                world.database.pushes[device] = Some(push);
                let row = &mut world.database.to_connection[device];
                row.is_due &= self.is(Breakage::PushesTwice);
                if row.state == DeliveryState::Pending {
                    row.state = DeliveryState::Cancelled;
                }
            }
            plans.push((device, is_pushed));
        }
        world.nodes[node].work.insert(Work::Planned(plans));
    }

    fn hear(&self, world: &mut World, message: Message) {
        match message {
            Message::CodeIssued { to } => {
                let is_open = world.database.is_open;
                for device in (0..DEVICES).filter(|_| is_open) {
                    if Self::show(world, to, device) {
                        world.between.insert(Message::Held { to: 1 - to, device });
                    }
                }
            }
            Message::Held { to, device } => self.event(world, to, Event::HeldElsewhere(device_id(device))),
            Message::Receipt { to, device, is_shown } => {
                let shown = if is_shown { Shown::Yes } else { Shown::No };
                self.event(world, to, Event::ReceiptElsewhere(device_id(device), shown));
            }
        }
    }

    fn sweep(&self, world: &mut World, node: usize) -> Option<()> {
        let is_lost = |row: &Row, world: &World| match row.claimed_by {
            None => true,
            Some(holder) if holder == node => false,
            Some(holder) => {
                world.nodes[holder].is_dead && !self.is(Breakage::NobodyTakesOver)
                    || self.is(Breakage::TakesFromTheLiving)
            }
        };
        let mut rows = Vec::new();
        let mut pushes = Vec::new();
        for device in 0..DEVICES {
            let row = world.database.to_connection[device];
            if row.is_due && is_lost(&row, world) {
                world.database.to_connection[device].claimed_by = Some(node);
                rows.push((device, row));
            }
            if let Some(push) = world.database.pushes[device]
                && push.is_due
                && is_lost(&push, world)
            {
                world.database.pushes[device] = Some(Row { claimed_by: Some(node), ..push });
                pushes.push(device);
            }
        }
        if (rows.is_empty() && pushes.is_empty()) || !world.database.is_open {
            return None;
        }
        self.begin(world, node, &rows);
        world.nodes[node].work.extend(pushes.into_iter().map(Work::Push));
        Some(())
    }

    fn push_ends(&self, world: &mut World, node: usize, device: usize, outcome: PushResult) {
        world.nodes[node].work.remove(&Work::Push(device));
        if outcome != PushResult::NoRoom {
            world.devices[device].pushed += 1;
        }
        let delivery = delivery_id(Delivery::Push(device));
        let end = PushEnd { delivery, channel: Channel::Fcm, outcome, detail: "said" };
        self.event(world, node, Event::PushEnded(end));
    }

    fn crash(world: &mut World, node: usize) {
        world.has_crashed = true;
        world.mishaps_left -= 1;
        world.nodes[node].is_dead = true;
        world.nodes[node].ladder = None;
        // A provider may have been given what was under way.
        for work in std::mem::take(&mut world.nodes[node].work) {
            if let Work::Push(device) = work {
                world.devices[device].pushed += 1;
            }
        }
        for device in &mut world.devices {
            if device.connected_to == Some(node) {
                device.connected_to = None;
            }
        }
    }

    fn is_alive(world: &World, node: usize) -> bool {
        !world.nodes[node].is_dead
    }
}

impl Model for Climbing {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let places = [None, Some(0), Some(1)];
        let places_of = |device| if self.devices.contains(&device) { &places[..] } else { &places[..1] };
        let world = |one: &Option<usize>, other: &Option<usize>| World::new([*one, *other], self.devices, self.mishaps);
        places_of(0).iter().flat_map(|one| places_of(1).iter().map(move |other| world(one, other))).collect()
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        if !world.has_begun && world.database.is_open && Self::is_alive(world, 0) {
            steps.push(Step::Begin);
        }
        let may_go_wrong = world.mishaps_left > 0;
        for node in (0..NODES).filter(|node| Self::is_alive(world, *node)) {
            for work in &world.nodes[node].work {
                match work {
                    Work::Push(device) => {
                        let ends = [PushResult::Accepted, PushResult::AddressForgotten, PushResult::NoRoom];
                        steps.extend(ends.map(|end| Step::PushEnds(node, *device, end)));
                    }
                    work => steps.push(Step::Finish(node, work.clone())),
                }
            }
            steps.push(Step::Sweep(node));
            if !world.has_crashed && may_go_wrong {
                steps.push(Step::Crash(node));
            }
        }
        for message in &world.between {
            steps.extend([Step::Hear(*message), Step::Lose(*message)]);
            if may_go_wrong {
                steps.push(Step::HearAndKeep(*message));
            }
        }
        for (device, state) in world.devices.iter().enumerate() {
            if state.has_code && !state.has_answered && state.connected_to.is_some() {
                steps.extend([Step::Says(device, true), Step::Says(device, false)]);
            }
        }
        if world.has_begun && may_go_wrong {
            for device in self.devices.iter().copied() {
                let receipt = Message::Receipt { to: 0, device, is_shown: true };
                steps.extend([Step::Forge(receipt), Step::Forge(Message::Held { to: 0, device })]);
            }
        }
        if world.database.is_open {
            steps.push(Step::End);
        }
    }

    fn next_state(&self, before: &World, step: Step) -> Option<World> {
        let mut world = before.clone();
        match step {
            Step::Begin => {
                world.has_begun = true;
                let row = |device: usize| (device, before.database.to_connection[device]);
                let rows: Vec<_> = self.devices.iter().copied().map(row).collect();
                self.begin(&mut world, 0, &rows);
            }
            Step::Finish(node, work) => {
                world.nodes[node].work.remove(&work);
                // What cannot be done any more is done.
                let _ = self.finish(&mut world, node, work);
            }
            Step::PushEnds(node, device, outcome) => self.push_ends(&mut world, node, device, outcome),
            Step::Hear(message) | Step::HearAndKeep(message) => {
                let is_kept = matches!(step, Step::HearAndKeep(_));
                if is_kept {
                    world.mishaps_left -= 1;
                } else {
                    world.between.remove(&message);
                }
                let (Message::CodeIssued { to } | Message::Held { to, .. } | Message::Receipt { to, .. }) = message;
                if Self::is_alive(&world, to) {
                    self.hear(&mut world, message);
                }
            }
            Step::Lose(message) => drop(world.between.remove(&message)),
            Step::Forge(message) => {
                world.mishaps_left -= 1;
                world.between.insert(message);
            }
            Step::Says(device, is_shown) => {
                let node = world.devices[device].connected_to?;
                world.devices[device].has_answered = true;
                let shown = if is_shown { Shown::Yes } else { Shown::No };
                self.event(&mut world, node, Event::Receipt(device_id(device), shown));
                world.nodes[node].work.insert(Work::WriteReceipt(device, is_shown));
            }
            Step::Crash(node) => Self::crash(&mut world, node),
            Step::Sweep(node) => self.sweep(&mut world, node)?,
            Step::End => {
                world.database.close();
                // The node that works it hears so, before or after whatever is under way.
                for node in &mut world.nodes {
                    node.ladder = None;
                    node.work.retain(|work| !matches!(work, Work::Push(_)));
                }
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let is_settled = |model: &Self, world: &World| {
            let can_sweep =
                (0..NODES).any(|node| Self::is_alive(world, node) && model.sweep(&mut world.clone(), node).is_some());
            let is_fresh = !world.has_begun && Self::is_alive(world, 0);
            let goes_on = !world.is_at_rest() || can_sweep || is_fresh;
            !world.database.is_open || goes_on || (0..DEVICES).all(|device| world.is_settled(device))
        };
        let is_bounded = |_: &Self, world: &World| {
            let bound = 1 + u8::from(world.has_crashed);
            world.devices.iter().all(|device| device.pushed <= bound)
        };
        vec![
            Property::always(SETTLED, is_settled),
            Property::always(BOUNDED, is_bounded),
            Property::always(ORDERLY, |_, world: &World| world.wrong.is_empty()),
            Property::sometimes(REACHED[0], |_, world: &World| world.devices.iter().any(|device| device.pushed > 0)),
            Property::sometimes(REACHED[1], |_, world: &World| {
                let elsewhere = world.devices[PUSHABLE].connected_to == Some(1);
                elsewhere && world.database.to_connection[PUSHABLE].state == DeliveryState::Accepted
            }),
            Property::sometimes(REACHED[2], |_, world: &World| {
                world.database.to_connection.iter().any(|row| row.state == DeliveryState::Unreachable)
            }),
            Property::sometimes(REACHED[3], |_, world: &World| {
                let row = world.database.to_connection[PUSHABLE];
                row.state == DeliveryState::Shown && world.database.pushes[PUSHABLE].is_none()
            }),
            Property::sometimes(REACHED[4], |_, world: &World| {
                world.nodes[0].is_dead && world.nodes[1].ladder.is_some() && world.devices[PUSHABLE].pushed > 0
            }),
        ]
    }
}
