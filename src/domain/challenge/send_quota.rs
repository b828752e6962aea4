//! How many codes are sent: new ones that an account asks for, and those that end in one mailbox (design section 9). Counted in
//! the database, over all challenges, accounts and nodes.

use jiff::{SignedDuration, Timestamp};

use ipnet::IpNet;

use crate::domain::value::id::AccountId;

/// New codes in an hour, for all challenges of an account.
pub const RESENDS_AN_HOUR: u32 = 10;
/// New codes in a day.
pub const RESENDS_A_DAY: u32 = 20;
/// Codes by email in an hour, to one mailbox: as many as strangers may cause, and once more as many as its accounts may.
pub const MAILS_AN_HOUR: u32 = 5;
/// Codes by email in a day.
pub const MAILS_A_DAY: u32 = 12;
/// Codes by email in a day, to a mailbox that has as many as it may, for an account or a network that asked for fewer: what others
/// spent must not keep the owner out, and who has many networks gets no more than this from each.
pub const MAILS_A_DAY_BEYOND: u32 = 2;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How many there were within a window, and when the first of them was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// How many.
    pub count: u32,
    /// When the first was; `None` when there was none.
    pub first: Option<Timestamp>,
}

/// New codes that were asked for lately, of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SentCodes {
    /// Within an hour.
    pub hour: Sent,
    /// Within a day.
    pub day: Sent,
}

/// Codes that were mailed to a mailbox lately, by strangers or by its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SentMails {
    /// Within an hour.
    pub hour: Sent,
    /// Within a day.
    pub day: Sent,
    /// Within a day, caused by who causes the next.
    pub own_day: u32,
}

/// Who causes a mail, and who therefore spends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailSpender {
    /// An account, whose password or session it took.
    Account(AccountId),
    /// A stranger who wants an address confirmed: the network that they ask from.
    Stranger(IpNet),
}

impl SentCodes {
    /// Whether one more code may be asked for.
    ///
    /// # Errors
    /// How long to wait: until the first leaves the window that is full.
    pub fn check(&self, now: Timestamp) -> Result<(), SignedDuration> {
        until_room([(self.hour, RESENDS_AN_HOUR, HOUR), (self.day, RESENDS_A_DAY, DAY)], now)
    }
}

impl SentMails {
    /// Whether one more code may be mailed.
    ///
    /// # Errors
    /// How long to wait: until the first leaves the window that is full.
    pub fn check(&self, now: Timestamp) -> Result<(), SignedDuration> {
        let of_all = until_room([(self.hour, MAILS_AN_HOUR, HOUR), (self.day, MAILS_A_DAY, DAY)], now);
        if self.own_day < MAILS_A_DAY_BEYOND { Ok(()) } else { of_all }
    }
}

/// How long to wait until every window has room, if one is full.
fn until_room(windows: [(Sent, u32, SignedDuration); 2], now: Timestamp) -> Result<(), SignedDuration> {
    let full = windows.into_iter().filter(|(sent, limit, _)| sent.count >= *limit);
    let wait = full.map(|(sent, _, window)| (sent.first.unwrap_or(now) + window).duration_since(now)).max();
    wait.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn sent(count: u32) -> Sent {
        Sent { count, first: Some(at(0)) }
    }

    #[test]
    fn the_full_window_that_empties_last_is_waited_for() {
        let codes = SentCodes { hour: sent(10), day: sent(20) };
        assert_eq!(codes.check(at(600)), Err(SignedDuration::from_secs(24 * 3600 - 600)));
        let codes = SentCodes { hour: sent(10), day: sent(19) };
        assert_eq!(codes.check(at(600)), Err(SignedDuration::from_secs(3000)));
        assert_eq!(SentCodes { hour: sent(9), day: sent(19) }.check(at(600)), Ok(()));
    }

    #[test]
    fn a_mailbox_gets_five_an_hour_and_twelve_a_day_whoever_causes_them() {
        let mails = |hour, day, own_day| SentMails { hour: sent(hour), day: sent(day), own_day }.check(at(0));
        assert_eq!((mails(4, 11, 11), mails(5, 5, 5), mails(4, 12, 12)), (Ok(()), Err(HOUR), Err(DAY)));
    }

    #[test]
    fn what_others_spent_leaves_two_a_day_to_everybody() {
        let mails = |own_day| SentMails { hour: sent(50), day: sent(500), own_day }.check(at(0));
        assert_eq!((mails(0), mails(1), mails(2)), (Ok(()), Ok(()), Err(DAY)));
    }
}
