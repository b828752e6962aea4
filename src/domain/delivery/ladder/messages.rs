//! What the ladder is told, and what it says.

use crate::domain::delivery::{Channel, DeliveryState, Reach, UnreachableReason};
use crate::domain::value::id::{DeliveryId, DeviceId};

/// Deliveries that are worked together have their waits together. A sweeper may hand on further ones of the same code.
pub type Round = u32;

/// A delivery to the connection of a device, to be worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Planned {
    /// To which device.
    pub device: DeviceId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// How else the device is reached; `None` when it lost its trust since the delivery was planned.
    pub reach: Option<Reach>,
    /// A node that was lost had written the code to a connection: the time for a receipt is over.
    pub already_sent: bool,
    /// The code was written to a connection of it just now, or before.
    pub is_shown_here: bool,
}

/// Whether other nodes may hold devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Others {
    /// There are none.
    None,
    /// They know nothing of the code yet.
    ToBeTold,
    /// They know of the code, and may have answered.
    Told,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// This node issued the code, or a sweeper claimed these deliveries for it.
    Planned(Vec<Planned>, Others),
    /// Another node wrote the code to the connection that it holds of the device.
    HeldElsewhere(DeviceId),
    /// Other nodes had the time of `bus.presence_wait_ms` to speak up.
    AskedLongEnough(Round),
    /// The device said over its connection to this node whether it shows the code.
    Receipt(DeviceId, Shown),
    /// That receipt is written down.
    ReceiptWritten(DeviceId),
    /// Another node, or somebody else, says that the device said so.
    ReceiptElsewhere(DeviceId, Shown),
    /// The receipt window (`delivery.receipt_window_ms`) is over.
    WindowOver(Round),
    /// The database planned the pushes that were asked for.
    PushesPlanned(Vec<(DeviceId, PushPlan)>),
    /// A push came to an end.
    PushEnded(PushEnd),
}

/// What a device says about a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shown {
    /// It is on the screen.
    Yes,
    /// It came, and is not on the screen.
    No,
}

/// What the database says of a push that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PushPlan {
    /// It is under way.
    Pushed,
    /// No provider knows the device, or it shows the code.
    NotPushed {
        /// The code was written to a connection of it here.
        is_shown_here: bool,
    },
}

/// How a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PushEnd {
    /// Its delivery.
    pub delivery: DeliveryId,
    /// By which way.
    pub channel: Channel,
    /// What came of it.
    pub outcome: PushResult,
    /// What the provider answered, in one word.
    pub detail: &'static str,
}

/// What came of a push, as far as the ladder goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PushResult {
    /// The provider took it.
    Accepted,
    /// The provider, or this gateway's settings, refused it for good.
    Refused,
    /// The provider says that the address is dead, and it was forgotten.
    AddressForgotten,
    /// This node has no room for it now.
    NoRoom,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Tell other nodes of the code if they were not told, and say [`Event::AskedLongEnough`] after the presence wait.
    AskOthers {
        /// Of which deliveries.
        round: Round,
        /// They know nothing of the code yet.
        are_to_be_told: bool,
    },
    /// Say [`Event::WindowOver`] after the receipt window.
    AwaitReceipts(Round),
    /// Write down that the code is on connections, unless their receipts come first: then one statement does for two. Due again when
    /// the receipt window is over, should this node not live to see that.
    RecordSent(Vec<DeliveryId>),
    /// Write down what is final.
    Record(Vec<DeliveryUpdate>),
    /// Give a push back, for whichever node has room.
    Postpone {
        /// The delivery.
        delivery: DeliveryId,
        /// Why, in one word.
        detail: &'static str,
    },
    /// Have the database plan a push to each of these devices, make those that it plans, and say [`Event::PushesPlanned`].
    PlanPushes(Vec<DeviceId>),
    /// A receipt that was awaited came.
    CountReceipt(Shown),
}

/// How far one delivery came, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveryUpdate {
    /// The delivery.
    pub delivery: DeliveryId,
    /// By which way it goes.
    pub channel: Channel,
    /// How far.
    pub state: DeliveryState,
    /// Why not further.
    pub reason: Option<UnreachableReason>,
    /// What the provider answered, in one word.
    pub detail: Option<&'static str>,
}

impl DeliveryUpdate {
    /// An update that says no more than how far it came.
    #[must_use]
    pub fn new(delivery: DeliveryId, channel: Channel, state: DeliveryState) -> Self {
        Self { delivery, channel, state, reason: None, detail: None }
    }

    pub(super) fn to_connection(delivery: DeliveryId, state: DeliveryState) -> Self {
        Self::new(delivery, Channel::Websocket, state)
    }
}
