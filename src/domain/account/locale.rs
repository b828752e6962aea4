//! Which language somebody reads: language tags (BCP 47), and the languages that there are texts in.

use serde::{Deserialize, Serialize};

use crate::domain::value::string_enum::words;

/// Longest tag accepted, in characters: what RFC 5646 section 4.4.1 tells everybody to have room for.
const MAX_CHARS: usize = 35;
/// Most languages of an `Accept-Language` header that are looked at.
const MAX_RANGES: usize = 20;

words! {
    /// A language that the gateway's texts are written in.
    Language("language") {
        /// The one that stands in for every other.
        English = "en",
        /// Hungarian.
        Hungarian = "hu",
        /// German.
        German = "de",
    }
}

/// A language tag, for instance `hu-HU`. There need not be texts in its language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

/// Why a text is no language tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocaleError {
    /// More than 35 characters.
    #[error("must not be longer than {MAX_CHARS} characters")]
    TooLong,
    /// Not subtags with hyphens between them.
    #[error("must be a BCP 47 language tag such as hu-HU")]
    Form,
}

impl Locale {
    /// Checks the form of a tag: a language of 2 to 8 letters, and further subtags of up to 8 letters and digits, the
    /// last one of at least 2 (RFC 5646 section 2.1, without its few grandfathered and private tags).
    ///
    /// # Errors
    /// [`LocaleError`] says which rule the text broke.
    pub fn parse(text: &str) -> Result<Self, LocaleError> {
        if text.len() > MAX_CHARS {
            return Err(LocaleError::TooLong);
        }
        let is_subtag =
            |part: &str| matches!(part.len(), 1..=8) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let language = text.split('-').next().unwrap_or_default();
        let is_language = language.len() >= 2 && language.bytes().all(|byte| byte.is_ascii_alphabetic());
        let ends_well = text.rsplit('-').next().is_some_and(|last| last.len() >= 2);
        if is_language && ends_well && text.split('-').all(is_subtag) {
            Ok(Self(text.to_owned()))
        } else {
            Err(LocaleError::Form)
        }
    }

    /// Reads a language as operating systems and runtimes write it: a tag, or with underscores (`hu_HU`), an encoding or a variant
    /// behind it (`de_DE.UTF-8@euro`, POSIX.1-2017 section 8.2), or with parts that no tag has (`sr_RS_#Latn`). `None` for what names no
    /// language, such as `C`: it decides nothing.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text.find(['.', '@', ':', ';', ',']).unwrap_or(text.len());
        let tag = text[..end].replace('_', "-");
        // A language in more characters than a tag may have is still that language.
        let ends = (0..=tag.len()).rev().filter(|end| *end == tag.len() || tag.as_bytes()[*end] == b'-');
        ends.filter_map(|end| tag.get(..end))
            .find_map(|part| Self::parse(part).ok())
            .filter(|locale| !locale.is_posix())
    }

    /// `POSIX` has the form of a tag and names no language.
    fn is_posix(&self) -> bool {
        self.0.eq_ignore_ascii_case("posix")
    }

    /// The tag in an `Accept-Language` header (RFC 9110 section 12.5.4) that its sender likes best among those that
    /// there are texts for.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let ranges = header.split(',').take(MAX_RANGES).filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
            let locale = Self::read(tag)?;
            (weight > 0.0 && locale.known_language().is_some()).then_some((locale, weight))
        });
        // Of equal weights the first one: `max_by` would take the last.
        ranges.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(locale, _)| locale)
    }

    /// The tag itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language of its texts; English where there are none in its own.
    #[must_use]
    pub fn language(&self) -> Language {
        self.known_language().unwrap_or(Language::English)
    }

    fn known_language(&self) -> Option<Language> {
        self.0.split('-').next()?.to_ascii_lowercase().parse().ok()
    }
}

impl Language {
    /// The language of a locale that may be unknown.
    #[must_use]
    pub fn of(locale: Option<&Locale>) -> Self {
        locale.map_or(Self::English, Locale::language)
    }
}

impl TryFrom<String> for Locale {
    type Error = LocaleError;

    fn try_from(text: String) -> Result<Self, LocaleError> {
        Self::parse(&text)
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tag_is_negotiated_by_its_language() {
        let language = |tag| Locale::parse(tag).map(|locale| locale.language());
        for (tag, expected) in [
            ("hu", Language::Hungarian),
            ("HU-hu", Language::Hungarian),
            ("de-Latn-AT", Language::German),
            ("en-GB", Language::English),
            ("de-DE-u-co-phonebk", Language::German),
            ("fr-CA", Language::English),
            ("hun", Language::English),
        ] {
            assert_eq!(language(tag), Ok(expected), "{tag}");
        }
    }

    #[test]
    fn a_language_is_read_as_systems_write_it() {
        for (text, expected) in [
            ("hu_HU", Some("hu-HU")),
            ("hu_HU.UTF-8", Some("hu-HU")),
            ("de_DE@euro", Some("de-DE")),
            (" de_AT ", Some("de-AT")),
            ("zh-Hans_US", Some("zh-Hans-US")),
            ("sr_RS_#Latn", Some("sr-RS")),
            ("en-US-u-ca-gregory-nu-latn-hc-h23-x-too-long", Some("en-US-u-ca-gregory-nu-latn-hc-h23")),
            ("de-", Some("de")),
            ("C", None),
            ("C.UTF-8", None),
            ("POSIX", None),
            ("", None),
            ("*", None),
            ("_", None),
            ("ä", None),
            ("\u{0}", None),
        ] {
            assert_eq!(Locale::read(text).as_ref().map(Locale::as_str), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for text in ["", "h", "hu_HU", "hu-", "-hu", "hu--HU", "1u", "hu HU", "hu-ä", "en-a", "toolonglanguage"] {
            assert_eq!(Locale::parse(text), Err(LocaleError::Form), "{text:?}");
        }
        assert_eq!(Locale::parse(&"ab-".repeat(20)), Err(LocaleError::TooLong));
    }

    #[test]
    fn the_best_liked_known_language_is_accepted() {
        let accepted = |header| Locale::accepted(header).map(String::from);
        assert_eq!(accepted("fr, de;q=0.4, hu-HU;q=0.7, *;q=0.1").as_deref(), Some("hu-HU"));
        assert_eq!(accepted("de-AT,hu").as_deref(), Some("de-AT"));
        assert_eq!(accepted("hu;q=0, en;q=0.2").as_deref(), Some("en"));
        assert_eq!(accepted("fr-FR, *"), None);
        assert_eq!(accepted(";;,q=,de;q=x"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text: String) {
            let _ = (Locale::parse(&text), Locale::accepted(&text));
        }
    }
}
