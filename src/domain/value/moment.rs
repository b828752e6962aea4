//! Times as they go out: RFC 3339 in UTC with exactly three digits of a second, such as `2026-11-29T07:47:09.120Z`. Readers in use,
//! Python's before 3.11 among them, take three or six digits and no others.

use jiff::Timestamp;
use serde::Serializer;

/// The text of a time.
#[must_use]
pub fn text(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// For fields: `#[serde(serialize_with = "moment::write")]`.
///
/// # Errors
/// Those of the serializer.
pub fn write<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*at))
}

/// The same for fields that may be empty.
///
/// # Errors
/// Those of the serializer.
pub fn write_optional<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => write(at, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_whatever_the_time() {
        for (nanoseconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (120_000_000, "1970-01-01T00:00:00.120Z"),
            (999_999_999, "1970-01-01T00:00:00.999Z"),
            (1_764_402_429_123_456_789, "2025-11-29T07:47:09.123Z"),
        ] {
            assert_eq!(text(Timestamp::from_nanosecond(nanoseconds).expect("a time")), expected);
        }
    }
}
