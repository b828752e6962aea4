//! Numbers that bound what anybody can do, and the spacing of resends.

use jiff::SignedDuration;

/// Wrong codes a challenge takes before it closes (design section 9; NIST SP 800-63B-4 section 3.2.2).
pub const MAX_ATTEMPTS: u16 = 5;
/// New codes a challenge may be asked for.
pub const MAX_RESENDS: u16 = 5;
/// Open sign-in challenges an account may have (OWASP ASVS 5.0 section 6.6.2).
pub const MAX_OPEN_CHALLENGES: i64 = 3;
/// Trusted devices an account may have.
pub const MAX_TRUSTED_DEVICES: i64 = 10;
/// Codes whose push rings although nobody answered those before, on however many devices; a new code of the same challenge
/// counts like any other. After that pushes are silent until a code is typed or denied (design section 9; NIST SP 800-63B-4
/// section 3.1.3.4).
pub const MAX_UNANSWERED_ALERTS: i16 = 3;
/// The first wait between two codes; each further one is twice as long.
pub const FIRST_RESEND_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// After the right password on a new device its owner has so long to type a code before a mail says that somebody knows the
/// password: as long as a sign-in code may live (OWASP ASVS 5.0 section 6.5.5).
pub const UNFINISHED_SIGN_IN_NOTICE: SignedDuration = SignedDuration::from_mins(10);
/// That mail comes once in so long.
pub const UNFINISHED_SIGN_IN_PAUSE: SignedDuration = SignedDuration::from_hours(24);
/// However many entries are reported as "this wasn't me", the owner is told once in so long.
pub const REPORT_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// How long a token still brings the same answer after its successor was used: two tabs at once (design section 13).
pub const ROTATION_GRACE: SignedDuration = SignedDuration::from_secs(30);
/// How long `verify` sent again with the same code and token gets the same answer (design section 13).
pub const REPEAT_WITHIN: SignedDuration = SignedDuration::from_secs(60);
/// How often: whoever sends a code again guesses as well, and no budget counts it.
pub const MAX_REPEATS: i16 = 10;
/// Sessions of a device that go on at the same time; the oldest ends for a further one.
pub const MAX_SESSIONS_A_DEVICE: i64 = 5;
/// Tickets of a session that are good at the same time; the oldest is void for a further one.
pub const MAX_TICKETS_A_SESSION: i64 = 5;
/// An entry of the login activity that happens again within this time counts up the one that is there.
pub const FOLD_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// How long after a verified sign-in an app's server may vouch for the same installation without saying `override`.
pub const VOUCH_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// How long a ticket for a WebSocket lives.
pub const TICKET_LIFETIME: SignedDuration = SignedDuration::from_secs(30);

/// The wait before the next resend, after `resends` of them: 30, 60, 120, 240, 480 s.
#[must_use]
pub fn resend_wait(resends: u16) -> SignedDuration {
    FIRST_RESEND_WAIT * 2_i32.pow(u32::from(resends.min(MAX_RESENDS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resend_waits_double() {
        let seconds: Vec<i64> = (0..5).map(|resends| resend_wait(resends).as_secs()).collect();
        assert_eq!(seconds, [30, 60, 120, 240, 480]);
    }
}
