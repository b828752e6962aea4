//! What is asked for, and answered, many at once ([`super::Store::ask`]).

use super::challenge::ToDeliver;
use crate::domain::delivery::{CodeToDeliver, DeliveryState, Reach};
use crate::domain::device::session::ActiveSession;
use crate::domain::value::id::{AccountId, ChallengeId, DeviceId};

/// A device says whether it shows a code.
#[derive(Debug, Clone, Copy)]
pub struct Receipt {
    /// The account that it belongs to.
    pub account: AccountId,
    /// Of which challenge.
    pub challenge: ChallengeId,
    /// Which of its codes.
    pub generation: u32,
    /// Who says so.
    pub device: DeviceId,
    /// `false`: the code came, and is not on the screen.
    pub shown: bool,
}

impl Receipt {
    pub(super) fn state(&self) -> &'static str {
        if self.shown { DeliveryState::Shown } else { DeliveryState::NotShown }.as_str()
    }
}

/// What a connection that was registered begins with.
pub struct Opening {
    /// The account's open codes, oldest first.
    pub codes: Vec<CodeToDeliver>,
    /// The connection's session, if it goes on.
    pub session: Option<ActiveSession>,
}

/// A challenge whose code is to be delivered.
pub struct Work {
    /// The code, and the way to the mailbox.
    pub to_deliver: ToDeliver,
    /// The account's trusted devices.
    pub reach: Vec<(DeviceId, Reach)>,
}

/// A session that an access token was shown for.
#[derive(Debug, Clone)]
pub struct ShownSession {
    /// The session.
    pub session: ActiveSession,
    /// The token was not accepted before: see [`note_use`](super::session::note_use).
    pub is_first_use: bool,
}
