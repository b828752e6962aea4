//! Foreign words in our sentences: names of devices, places, codes.

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;

use crate::domain::device::DeviceInfo;

/// Longest name in a sentence, in characters.
const MOST_CHARS: usize = 40;
/// First strong isolate and pop directional isolate (UAX 9 section 2.4.2): what is between does not turn around what stands beside it.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');
/// Digits in a row that could pass for a code or a number to call.
const MOST_DIGITS: usize = 5;

/// Words of somebody else in a sentence of ours: set apart where they are written in another direction.
#[must_use]
pub(super) fn isolated(text: &str) -> String {
    let classes = CodePointMapData::<BidiClass>::new();
    let turns = |character| {
        matches!(classes.get(character), BidiClass::RightToLeft | BidiClass::ArabicLetter | BidiClass::ArabicNumber)
    };
    if text.chars().any(turns) { set_apart(text) } else { text.to_owned() }
}

fn set_apart(text: &str) -> String {
    format!("{}{text}{}", ISOLATE.0, ISOLATE.1)
}

/// A code in a sentence: its groups stay together, and in their order, whatever stands beside them.
#[must_use]
pub(super) fn isolated_code(grouped: &str) -> String {
    set_apart(&grouped.replace(' ', "\u{a0}"))
}

/// What a device is called in a sentence of ours: its name and model. Whoever signs in chose them, so what reads like a link, an
/// address or a number to call is left out, and what is long is cut.
#[must_use]
pub(super) fn named(device: &DeviceInfo) -> String {
    let name = harmless(&device.name).unwrap_or_else(|| device.platform.stand_in().to_owned());
    match harmless(&device.model).filter(|model| *model != name) {
        Some(model) => format!("{} ({})", isolated(&name), isolated(&model)),
        None => isolated(&name),
    }
}

/// The text cut to what has room in a sentence; `None` where it reads like a link, an address or a number to call.
fn harmless(text: &str) -> Option<String> {
    let has_dot_inside = text.split_whitespace().any(|word| {
        let word = word.trim_matches(|character: char| !character.is_alphanumeric());
        word.rsplit_once('.').is_some_and(|(before, end)| {
            !before.is_empty() && end.chars().next().is_some_and(char::is_alphabetic) && end.chars().count() > 1
        })
    });
    let digits = text
        .split(|character: char| character.is_alphabetic())
        .map(|part| part.chars().filter(|c| c.is_numeric()).count());
    let lower = text.to_lowercase();
    let is_harmful = has_dot_inside
        || digits.max().unwrap_or(0) > MOST_DIGITS
        || ["://", "www.", "http", "@", "＠", "。"].iter().any(|sign| lower.contains(sign));
    if is_harmful {
        return None;
    }
    let count = text.chars().count();
    if count <= MOST_CHARS {
        return Some(text.to_owned());
    }
    let cut: String = text.chars().take(MOST_CHARS - 1).collect();
    Some(format!("{}…", cut.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_like_a_link_or_a_number_to_call_is_left_out() {
        for text in [
            "locked! Unlock at https://evil.example",
            "visit evil.example now",
            "evil.example",
            "WWW.EVIL.EXAMPLE",
            "call +36 1 234 5678",
            "code 580263",
            "help@evil.example",
            "see bit.ly/abc",
        ] {
            assert_eq!(harmless(text), None, "{text}");
        }
        for text in [
            "Pixel 7",
            "Anna’s iPhone 15 Pro",
            "Galaxy S24 Ultra 2024",
            "iPad (10. Gen.)",
            "MacBook v2.5",
            "SM-G991B",
            "הטלפון של אנה",
        ] {
            assert_eq!(harmless(text).as_deref(), Some(text));
        }
        assert_eq!(harmless(&"a".repeat(100)).expect("cut").chars().count(), MOST_CHARS);
    }
}
