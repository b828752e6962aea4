//! Which clock somebody reads: time zones of the IANA database (RFC 6557).

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::locale::Language;

/// The name of a zone that there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneName(String);

impl ZoneName {
    /// Reads a name such as `Europe/Budapest`. `None` for what names no zone: it decides nothing.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let zone = TimeZone::get(text.trim()).ok()?;
        zone.iana_name().map(|name| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The zone; UTC when the database of this program lacks what another one knew.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

/// Who reads what we write.
#[derive(Debug, Clone)]
pub struct Reader {
    /// In which language.
    pub language: Language,
    /// By which clock; `None` is UTC.
    pub zone: Option<ZoneName>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_read_by_its_name_and_nothing_else() {
        for (text, expected) in [
            ("Europe/Budapest", Some("Europe/Budapest")),
            (" europe/budapest ", Some("Europe/Budapest")),
            ("UTC", Some("UTC")),
            ("Mars/Olympus", None),
            ("", None),
            ("../../etc/passwd", None),
        ] {
            assert_eq!(ZoneName::read(text).as_ref().map(ZoneName::as_str), expected, "{text}");
        }
    }
}
