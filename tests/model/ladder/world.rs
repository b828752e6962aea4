//! The world around the ladder: two nodes, a database, the way between the nodes, and two devices.

use std::collections::BTreeSet;

use twostep::domain::delivery::DeliveryState;
use twostep::domain::delivery::ladder::{Ladder, Round};

/// Devices: one that a provider can reach, and one that none can.
pub const DEVICES: usize = 2;
/// The one that a provider can reach.
pub const PUSHABLE: usize = 0;
/// The one that none can.
pub const OUT_OF_REACH: usize = 1;
pub const NODES: usize = 2;

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub database: Database,
    pub nodes: [Node; NODES],
    pub between: BTreeSet<Message>,
    pub devices: [Device; DEVICES],
    pub has_begun: bool,
    pub has_crashed: bool,
    /// What may still go wrong: a node dies, a message comes twice, somebody forges one.
    pub mishaps_left: u8,
    /// What must never be.
    pub wrong: BTreeSet<Wrong>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wrong {
    /// A push was planned after the challenge had ended.
    PushedAfterTheEnd,
    /// A push was planned to a device whose receipt was written down.
    PushedWhatIsShown,
    /// A delivery says that the code is on a connection of this node, which it never was.
    SaysSentWithoutSending,
    /// A receipt that was written down is not there any more.
    ReceiptLost,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Database {
    pub is_open: bool,
    pub to_connection: [Row; DEVICES],
    pub pushes: [Option<Row>; DEVICES],
}

/// A delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row {
    pub state: DeliveryState,
    /// Something is left to do, now or in a while.
    pub is_due: bool,
    pub claimed_by: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Node {
    pub is_dead: bool,
    pub ladder: Option<Ladder>,
    /// What is under way: none of it outlives the node.
    pub work: BTreeSet<Work>,
}

/// A step that a node has begun.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    Ask(Round),
    Window(Round),
    /// Write that the code was sent to these, unless their receipts came.
    WriteSent(Vec<usize>),
    /// Write how far deliveries came: to the connection, or the push, of a device.
    Write(Vec<(Delivery, &'static str)>),
    PlanPushes(Vec<usize>),
    /// What came of planning them.
    Planned(Vec<(usize, bool)>),
    Push(usize),
    Postpone(usize),
    WriteReceipt(usize, bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Delivery {
    ToConnection(usize),
    Push(usize),
}

/// What one node tells the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    CodeIssued { to: usize },
    Held { to: usize, device: usize },
    Receipt { to: usize, device: usize, is_shown: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Device {
    /// The node that holds its connection.
    pub connected_to: Option<usize>,
    /// The code is on that connection.
    pub has_code: bool,
    /// It said so, or that it cannot show it.
    pub has_answered: bool,
    /// Pushes that a provider was given.
    pub pushed: u8,
}

impl World {
    /// A code was issued by the first node a moment ago; the devices are connected to these nodes. Of the devices some may be left out.
    pub fn new(connections: [Option<usize>; DEVICES], devices: &[usize], mishaps: u8) -> Self {
        let planned = Row { state: DeliveryState::Pending, is_due: true, claimed_by: Some(0) };
        let left_out = Row { state: DeliveryState::Unreachable, is_due: false, claimed_by: None };
        let row = |device| if devices.contains(&device) { planned } else { left_out };
        let device = |connected_to| Device { connected_to, has_code: false, has_answered: false, pushed: 0 };
        Self {
            database: Database { is_open: true, to_connection: [row(0), row(1)], pushes: [None; DEVICES] },
            nodes: [Node::default(), Node::default()],
            between: BTreeSet::new(),
            devices: connections.map(device),
            has_begun: false,
            has_crashed: false,
            mishaps_left: mishaps,
            wrong: BTreeSet::new(),
        }
    }

    /// Nothing goes on by itself any more.
    pub fn is_at_rest(&self) -> bool {
        let is_idle = |node: &Node| node.is_dead || node.work.is_empty();
        self.nodes.iter().all(is_idle) && self.between.is_empty()
    }

    /// The delivery to the connection, or the push, says how it ended for the device.
    pub fn is_settled(&self, device: usize) -> bool {
        let is_final = |row: &Row| !row.is_due && row.state != DeliveryState::Pending;
        let over_connection = self.database.to_connection[device];
        match self.database.pushes[device] {
            Some(push) => is_final(&push) || over_connection.state == DeliveryState::Shown,
            // On a connection, and nobody says that it is seen: that is the end only where no provider can reach the device.
            None => {
                is_final(&over_connection) && (device != PUSHABLE || over_connection.state != DeliveryState::Accepted)
            }
        }
    }
}

impl Database {
    /// As `delivery/record_states.sql` writes: what ended stays, and a device that cannot show the code said so.
    pub fn write(&mut self, delivery: Delivery, state: DeliveryState, is_due: bool) {
        let Some(row) = self.row(delivery) else { return };
        use DeliveryState::{Accepted, NotShown, Pending, Unreachable};
        if matches!(row.state, Pending | Accepted | Unreachable | NotShown) {
            row.state = if row.state == NotShown { NotShown } else { state };
            row.is_due = is_due;
        }
    }

    /// As `delivery/record_receipt.sql` writes.
    pub fn write_receipt(&mut self, device: usize, is_shown: bool) {
        let row = &mut self.to_connection[device];
        if row.state == DeliveryState::Shown {
            return;
        }
        row.state = if is_shown { DeliveryState::Shown } else { DeliveryState::NotShown };
        row.is_due &= !is_shown;
        let is_pending = |push: &&mut Row| is_shown && push.state == DeliveryState::Pending;
        if let Some(push) = self.pushes[device].as_mut().filter(is_pending) {
            push.state = DeliveryState::Cancelled;
            push.is_due = false;
        }
    }

    /// As `delivery/cancel.sql` writes when the challenge ends.
    pub fn close(&mut self) {
        self.is_open = false;
        for row in self.to_connection.iter_mut().chain(self.pushes.iter_mut().flatten()) {
            if row.is_due && row.state == DeliveryState::Pending {
                row.state = DeliveryState::Cancelled;
            }
            row.is_due = false;
        }
    }

    pub fn row(&mut self, delivery: Delivery) -> Option<&mut Row> {
        match delivery {
            Delivery::ToConnection(device) => Some(&mut self.to_connection[device]),
            Delivery::Push(device) => self.pushes[device].as_mut(),
        }
    }
}
