//! Turning sign-ins away before they begin, while there is more to do than the database can. Those under way come first: a code that is
//! on a screen can be typed, and what was let in stays fast.

use std::time::Duration;

use jiff::SignedDuration;
use metrics::counter;
use rand::RngExt;

use crate::service::{Core, VerificationError};
use crate::telemetry::LIMIT_REFUSALS;

/// A sign-in asks the database some four times; when each time is waited for longer than this, it takes people too long.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// Whoever is turned away comes back in so many milliseconds: not all at the same time.
const COME_BACK_MS: std::ops::RangeInclusive<i64> = 1000..=4000;

impl Core {
    /// For what begins something. Ask before anything is looked up: everybody is turned away alike.
    ///
    /// # Errors
    /// [`VerificationError::Overloaded`].
    pub(in crate::service) fn require_room(&self) -> Result<(), VerificationError> {
        if self.store.expected_wait() <= LONGEST_WAIT {
            return Ok(());
        }
        counter!(LIMIT_REFUSALS, "limit" => "overload").increment(1);
        let retry_after = SignedDuration::from_millis(rand::rng().random_range(COME_BACK_MS));
        Err(VerificationError::Overloaded { retry_after })
    }
}
