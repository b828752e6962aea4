//! How many codes an account is sent: new ones that somebody asks for, and those by email (design section 9). Counted in the
//! database, over all challenges and nodes.

use jiff::{SignedDuration, Timestamp};

use super::challenge::Method;

/// New codes in an hour, for all challenges of an account.
pub const RESENDS_AN_HOUR: u32 = 10;
/// New codes in a day.
pub const RESENDS_A_DAY: u32 = 20;
/// Codes by email in an hour, to one address.
pub const MAILS_AN_HOUR: u32 = 5;
/// Codes by email in a day.
pub const MAILS_A_DAY: u32 = 12;

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

/// What was sent lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SentCodes {
    /// New codes that were asked for, within an hour.
    pub resends_hour: Sent,
    /// And within a day.
    pub resends_day: Sent,
    /// Codes by email, within an hour.
    pub mails_hour: Sent,
    /// And within a day.
    pub mails_day: Sent,
}

impl SentCodes {
    /// Whether one more code may be sent.
    ///
    /// # Errors
    /// How long to wait: until the first leaves the window that is full.
    pub fn check(&self, is_resend: bool, method: Method, now: Timestamp) -> Result<(), SignedDuration> {
        let resends = [(self.resends_hour, RESENDS_AN_HOUR, HOUR), (self.resends_day, RESENDS_A_DAY, DAY)];
        let mails = [(self.mails_hour, MAILS_AN_HOUR, HOUR), (self.mails_day, MAILS_A_DAY, DAY)];
        let resends = resends.into_iter().filter(|_| is_resend);
        let mails = mails.into_iter().filter(|_| method == Method::Email);
        let full = resends.chain(mails).filter(|(sent, limit, _)| sent.count >= *limit);
        let wait = full.map(|(sent, _, window)| (sent.first.unwrap_or(now) + window).duration_since(now)).max();
        wait.map_or(Ok(()), Err)
    }
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
        let codes = SentCodes { resends_hour: sent(10), resends_day: sent(20), ..SentCodes::default() };
        assert_eq!(codes.check(true, Method::App, at(600)), Err(SignedDuration::from_secs(24 * 3600 - 600)));
        let codes = SentCodes { resends_hour: sent(10), resends_day: sent(19), ..SentCodes::default() };
        assert_eq!(codes.check(true, Method::App, at(600)), Err(SignedDuration::from_secs(3000)));
        assert_eq!(codes.check(false, Method::App, at(600)), Ok(()), "the first code of a challenge is no resend");
    }

    #[test]
    fn mails_are_counted_whoever_asks() {
        let codes = SentCodes { mails_hour: sent(5), mails_day: sent(5), ..SentCodes::default() };
        assert_eq!(codes.check(false, Method::Email, at(0)), Err(HOUR));
        assert_eq!(codes.check(true, Method::App, at(0)), Ok(()));
        let codes = SentCodes { mails_hour: sent(4), mails_day: sent(12), ..SentCodes::default() };
        assert_eq!(codes.check(true, Method::Email, at(0)), Err(DAY));
    }
}
