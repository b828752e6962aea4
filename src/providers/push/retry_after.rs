//! `Retry-After` of a provider's answer (RFC 9110 section 10.2.3).

use std::time::Duration;

use http::header::{DATE, HeaderMap, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// The wait: seconds, or a date, which counts from the date of the answer, so that it matters to nobody how the clock of this machine
/// goes.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = date(text)?;
    let from = headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(date).unwrap_or_else(Timestamp::now);
    Some(Duration::try_from(until.duration_since(from)).unwrap_or(Duration::ZERO))
}

/// A date as HTTP writes them since RFC 1123: `Sun, 29 Nov 2026 07:28:00 GMT`.
fn date(text: &str) -> Option<Timestamp> {
    rfc2822::parse(text).ok().map(|date| date.timestamp())
}

#[cfg(test)]
mod tests {
    use http::header::HeaderName;

    use super::*;

    fn read(fields: &[(HeaderName, &'static str)]) -> Option<Duration> {
        let headers = fields.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value")));
        retry_after(&headers.collect())
    }

    #[test]
    fn seconds_and_dates_are_read() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(read(&[(RETRY_AFTER, " 7 ")]), seconds(7));
        let date = (RETRY_AFTER, "Sun, 29 Nov 2026 07:28:00 GMT");
        assert_eq!(read(&[date.clone(), (DATE, "Sun, 29 Nov 2026 07:27:15 GMT")]), seconds(45));
        assert_eq!(read(&[date, (DATE, "Sun, 29 Nov 2026 08:00:00 GMT")]), seconds(0));
        assert_eq!(read(&[(RETRY_AFTER, "Thu, 01 Jan 1970 00:00:00 GMT")]), seconds(0));
        for nonsense in ["", "soon", "-1", "1.5", "Sun, 99 Nov 2026 07:28:00 GMT"] {
            assert_eq!(read(&[(RETRY_AFTER, nonsense)]), None, "{nonsense}");
        }
        assert_eq!(read(&[]), None);
    }
}
