//! What the answers of push services mean: RFC 8030 sections 5 and 7, RFC 8292 section 4.2, and what services say beside it
//! (<https://mozilla-push-service.readthedocs.io/en/latest/http/>, `web.push.apple.com`:
//! <https://developer.apple.com/documentation/usernotifications/sending-web-push-notifications-in-web-apps-and-browsers>).

use std::time::Duration;

use jiff::Timestamp;

use super::super::{PushOutcome, RejectedReason, TransientCause};

/// Wait after 429 where the service names none.
const THROTTLED_WAIT: Duration = Duration::from_secs(60);

/// What to do with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::providers::push) enum Verdict {
    /// The push is decided, for this attempt.
    Done(PushOutcome),
    /// The browser subscribed with another of our keys.
    KeyRefused,
}

/// Reads an answer. `asked` is when the request was sent: who registers the endpoint anew after that knows better than the service.
pub(in crate::providers::push) fn read(
    status: u16,
    retry_after: Option<Duration>,
    location: Option<String>,
    asked: Timestamp,
) -> Verdict {
    let later = |cause, wait| PushOutcome::RetryAfter { cause, wait };
    Verdict::Done(match status {
        200..=202 => PushOutcome::Accepted { provider_message_id: location },
        400 => PushOutcome::Rejected(RejectedReason::Malformed),
        401 | 403 => return Verdict::KeyRefused,
        404 | 410 => PushOutcome::TokenDead { as_of: Some(asked) },
        408 => later(TransientCause::TimedOut, retry_after),
        413 => PushOutcome::Rejected(RejectedReason::PayloadTooLarge),
        429 => later(TransientCause::Throttled, Some(retry_after.unwrap_or(THROTTLED_WAIT))),
        500..=599 => later(TransientCause::ServerError, retry_after),
        // A redirect is not followed: what is sealed for a place goes nowhere else.
        status => PushOutcome::Rejected(RejectedReason::Undocumented { status }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_says_what_to_do() {
        let asked = Timestamp::from_second(1).expect("a time");
        let read = |status, wait: Option<u64>| read(status, wait.map(Duration::from_secs), None, asked);
        let done = |outcome| Verdict::Done(outcome);
        let later =
            |cause, wait: Option<u64>| done(PushOutcome::RetryAfter { cause, wait: wait.map(Duration::from_secs) });
        let rejected = |reason| done(PushOutcome::Rejected(reason));
        for (status, wait, expected) in [
            (201, None, done(PushOutcome::Accepted { provider_message_id: None })),
            (202, None, done(PushOutcome::Accepted { provider_message_id: None })),
            (400, None, rejected(RejectedReason::Malformed)),
            (401, None, Verdict::KeyRefused),
            (403, None, Verdict::KeyRefused),
            (404, None, done(PushOutcome::TokenDead { as_of: Some(asked) })),
            (410, None, done(PushOutcome::TokenDead { as_of: Some(asked) })),
            (413, None, rejected(RejectedReason::PayloadTooLarge)),
            (429, Some(7), later(TransientCause::Throttled, Some(7))),
            (429, None, later(TransientCause::Throttled, Some(60))),
            (500, None, later(TransientCause::ServerError, None)),
            (503, Some(9), later(TransientCause::ServerError, Some(9))),
            (307, None, rejected(RejectedReason::Undocumented { status: 307 })),
            (418, None, rejected(RejectedReason::Undocumented { status: 418 })),
        ] {
            assert_eq!(read(status, wait), expected, "{status}");
        }
    }
}
