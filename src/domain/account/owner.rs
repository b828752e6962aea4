//! Who speaks for an account's owner, and what a report of theirs undoes.

use crate::domain::delivery::Acting;
use crate::domain::value::id::{DeviceId, SessionId};

/// Whether a session speaks for the owner: it is one of a trusted device, or of any device where two-step verification is off and
/// the account trusts none. Who was let in once, with a code or by the password alone, must not act against the owner's devices.
#[must_use]
pub fn speaks_for_owner(device_trusted: bool, two_step_enabled: bool, trusts_any_device: bool) -> bool {
    device_trusted || (!two_step_enabled && !trusts_any_device)
}

/// What "this wasn't me" undoes of what somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// Nothing: nobody knows who did it, or whoever reports it did.
    Nothing,
    /// The trust in that device, and its sessions.
    Device(DeviceId),
    /// Somebody acted as the very device that reports, with a copy of its tokens: its trust tokens are worth nothing any more, and its
    /// other sessions end. The session that reports is left, and alone speaks for the owner.
    CopiesOfOwnDevice,
}

/// What a report by `reporter` undoes of what `device` did with `session`.
#[must_use]
pub fn undo(reporter: Acting, device: Option<DeviceId>, session: Option<SessionId>) -> Undo {
    match (device, session) {
        (None, _) => Undo::Nothing,
        (Some(device), _) if device != reporter.device_id => Undo::Device(device),
        (Some(_), Some(session)) if session != reporter.session_id => Undo::CopiesOfOwnDevice,
        (Some(_), _) => Undo::Nothing,
    }
}

/// How a token of a chain stands that somebody shows. Each is used once and names its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Nobody used it.
    Unused,
    /// It was used, and nobody used its successor: whoever used it may not have got the answer.
    SuccessorUnused,
    /// Its successor was used a moment ago: two tabs at once.
    SuccessorJustUsed,
    /// Its successor was used, and that is a while ago.
    SuccessorUsed,
}

/// What a token of a chain is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// The successor.
    Successor,
    /// Two have it: the chain ends (design section 13).
    Theft,
}

/// What a token of a chain that stands so is worth: the same answer until its successor was used for longer than a moment.
#[must_use]
pub fn worth(link: Link) -> Worth {
    match link {
        Link::Unused | Link::SuccessorUnused | Link::SuccessorJustUsed => Worth::Successor,
        Link::SuccessorUsed => Worth::Theft,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_a_trusted_device_speaks_for_the_owner_where_there_is_one() {
        for two_step in [false, true] {
            assert!(speaks_for_owner(true, two_step, true));
            assert!(!speaks_for_owner(false, two_step, true));
        }
        assert!(speaks_for_owner(false, false, false) && !speaks_for_owner(false, true, false));
    }

    #[test]
    fn a_report_undoes_what_others_did_and_not_what_the_reporter_did() {
        let own = DeviceId::new(Uuid::from_u128(1));
        let other = DeviceId::new(Uuid::from_u128(2));
        let [mine, theirs] = [1, 2].map(|number| SessionId::new(Uuid::from_u128(number)));
        let reporter = Acting { device_id: own, session_id: mine };
        assert_eq!(undo(reporter, Some(other), Some(theirs)), Undo::Device(other));
        assert_eq!(undo(reporter, Some(other), None), Undo::Device(other));
        assert_eq!(undo(reporter, Some(own), Some(theirs)), Undo::CopiesOfOwnDevice);
        assert_eq!(undo(reporter, Some(own), Some(mine)), Undo::Nothing);
        assert_eq!(undo(reporter, Some(own), None), Undo::Nothing);
        assert_eq!(undo(reporter, None, None), Undo::Nothing);
    }
}
