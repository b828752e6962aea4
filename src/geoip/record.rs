//! A record of a file, in either of the two layouts that files have.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::domain::value::short_text::is_clean;

/// Longest name of a city, a region or a country that is believed, in characters.
pub(super) const PART_MAX_CHARS: usize = 100;

/// MaxMind's layout nests names by language (`city.names.en`); DB-IP's has flat texts (`city`, `state1`,
/// `country_code`), where an empty one is unknown.
#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default)]
    city: Option<Name<'a>>,
    #[serde(borrow, default)]
    subdivisions: Vec<Nested<'a>>,
    #[serde(default)]
    state1: Option<&'a str>,
    #[serde(borrow, default)]
    country: Option<Nested<'a>>,
    #[serde(default)]
    country_code: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Name<'a> {
    #[serde(borrow)]
    Flat(&'a str),
    #[serde(borrow)]
    Nested(Nested<'a>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Nested<'a> {
    #[serde(borrow, default)]
    names: BTreeMap<&'a str, &'a str>,
    #[serde(default)]
    iso_code: Option<&'a str>,
}

impl Record<'_> {
    /// City, region and country, as far as they are known.
    pub(super) fn place(&self) -> Option<String> {
        let city = match &self.city {
            Some(Name::Flat(name)) => Some(*name),
            Some(Name::Nested(nested)) => nested.english(),
            Some(Name::Other(_)) | None => None,
        };
        let region = self.subdivisions.first().and_then(Nested::english).or(self.state1);
        let country = self.country.as_ref().and_then(|country| country.iso_code).or(self.country_code);
        let parts = [city, region, country].into_iter().flatten();
        // What is no plain text is unknown: a broken file must neither fail a sign-in nor write into mails.
        let known: Vec<String> =
            parts.map(str::trim).filter(|part| is_clean(part, PART_MAX_CHARS)).map(str::to_owned).collect();
        (!known.is_empty()).then(|| known.join(", "))
    }
}

impl Nested<'_> {
    fn english(&self) -> Option<&str> {
        self.names.get("en").copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(json: &str) -> Option<String> {
        serde_json::from_str::<Record<'_>>(json).expect("a record").place()
    }

    #[test]
    fn both_layouts_are_read() {
        let nested = r#"{"city":{"geoname_id":1,"names":{"en":"Budapest","hu":"Budapest"}},"subdivisions":[{"names":{"en":"Budapest"}}],"country":{"iso_code":"HU","names":{"en":"Hungary"}},"location":{"latitude":1.0}}"#;
        assert_eq!(place(nested).as_deref(), Some("Budapest, Budapest, HU"));
        let flat = r#"{"city":"Szeged","state1":"Csongrád","state2":"","country_code":"HU","latitude":1.0}"#;
        assert_eq!(place(flat).as_deref(), Some("Szeged, Csongrád, HU"));
        assert_eq!(place(r#"{"country_code":"DE"}"#).as_deref(), Some("DE"));
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        assert_eq!(place(r#"{"city":"","state1":"","country_code":""}"#), None);
        assert_eq!(place("{}"), None);
        let long = "x".repeat(101);
        assert_eq!(
            place(&format!(r#"{{"city":"a\u200bb","state1":"{long}","country_code":" HU "}}"#)).as_deref(),
            Some("HU")
        );
    }
}
