//! Texts that others will read: names, models, versions. One cleaning for all of them, done once, where they come in.
//!
//! People and operating systems write such texts, so they are taken kindly: what cannot be shown is taken out, what is long is cut.
//! What is left is one short line that reads in the order it is written in, in whatever log, mail or screen it ends up.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier, ExtendedPictographic, GeneralCategory,
    RegionalIndicator,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Joins what stands on its sides into one picture or letter.
const JOINER: char = '\u{200d}';
/// Keeps letters apart that would join.
const NON_JOINER: char = '\u{200c}';
/// Say that the character before is meant as text or as a picture.
const SELECTORS: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];
/// A letter without a dot: it looks like white space.
const BLANK: char = '\u{2800}';
/// Marks on one letter at most. Living languages have fewer; heaps of them cover the lines above and below.
const MOST_MARKS: usize = 6;

/// Longest name in a sentence, in characters.
const SHOWN_MAX_CHARS: usize = 40;
/// Digits in a row that could pass for a code or a number to call.
const SHOWN_MAX_DIGITS: usize = 5;

/// The text as others may read it: one line without what cannot be seen or changes how other characters are read (controls, directional
/// formatting, zero-width characters, tags, unassigned and private characters), white space folded, at most `max_chars` characters,
/// cut between what people see as characters. `None` when nothing is left. What was cleaned stays as it is when it is cleaned again.
///
/// Sources: UAX 9 section 2 (directional formatting), UTS 39 section 5 and UAX 31 section 2.3 (default-ignorable characters, and joiners where a
/// script needs them), UAX 29 (what is not cut apart).
#[must_use]
pub fn cleaned(text: &str, max_chars: usize) -> Option<String> {
    let mut kept = Vec::new();
    let mut ahead = text.chars().peekable();
    while let Some(character) = ahead.next() {
        if is_space(character) {
            if kept.last().is_some_and(|last| *last != ' ') {
                kept.push(' ');
            }
        } else if is_kept(character, &kept, ahead.peek().copied()) {
            kept.push(character);
        }
    }
    cut(&mut kept, max_chars);
    let text: String = kept.into_iter().collect();
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A name that a stranger chose, as its reader may see it: cut to what has room in a sentence. `None` where it reads like a link, an
/// address, a code or a number to call.
#[must_use]
pub fn harmless(text: &str) -> Option<String> {
    // Other dots and signs that a reader, and some programs, take for these (UAX 15: compatibility forms).
    let plain = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    let letters: Vec<char> = plain.chars().collect();
    let has_dot_inside = letters
        .windows(4)
        .any(|four| four[0].is_alphanumeric() && four[1] == '.' && four[2].is_alphabetic() && four[3].is_alphabetic());
    let digits = plain
        .split(|character: char| character.is_alphabetic())
        .map(|part| part.chars().filter(|c| c.is_numeric()).count());
    let lower = plain.to_lowercase();
    let is_harmful = has_dot_inside
        || digits.max().unwrap_or(0) > SHOWN_MAX_DIGITS
        || ["://", "www.", "http", "@", "。"].iter().any(|sign| lower.contains(sign));
    if is_harmful {
        return None;
    }
    let count = text.chars().count();
    if count <= SHOWN_MAX_CHARS {
        return Some(text.to_owned());
    }
    let cut: String = text.chars().take(SHOWN_MAX_CHARS - 1).collect();
    Some(format!("{}…", cut.trim_end()))
}

/// Whether cleaning would change nothing: for texts that are compared letter by letter, which must not change silently.
#[must_use]
pub fn is_clean(text: &str, max_chars: usize) -> bool {
    cleaned(text, max_chars).is_some_and(|cleaned| cleaned == text)
}

/// White space of every kind, line and paragraph separators among it.
fn is_space(character: char) -> bool {
    character.is_whitespace() || character == BLANK
}

fn is_kept(character: char, before: &[char], next: Option<char>) -> bool {
    let last = before.last().copied().filter(|last| *last != ' ');
    match character {
        JOINER | NON_JOINER => joins(character, before, next),
        _ if SELECTORS.contains(&character) => last.is_some_and(|last| !SELECTORS.contains(&last) && last != JOINER),
        _ if is_mark(character) => {
            let marks = before.iter().rev().take_while(|mark| is_mark(**mark)).count();
            is_shown(character) && last.is_some() && marks < MOST_MARKS
        }
        _ => is_shown(character),
    }
}

/// Whether a character is something to see by itself.
fn is_shown(character: char) -> bool {
    let is_hidden = matches!(
        category(character),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Unassigned
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
    );
    !is_hidden && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// Whether a joiner does something between what stands on its sides: it joins pictures, or letters of a script that is written with
/// joiners (after a virama, as in RFC 5892 appendix A, or between letters of Arabic and its kin).
fn joins(joiner: char, before: &[char], next: Option<char>) -> bool {
    // What is taken out itself joins nothing.
    let next = next.filter(|next| is_shown(*next) && !is_mark(*next) && !is_space(*next));
    let (Some(last), Some(next)) = (before.last().copied(), next) else { return false };
    let pictures = CodePointSetData::new::<ExtendedPictographic>();
    let is_end_of_picture = |character: char| {
        pictures.contains(character) || is_emoji_modifier(character) || SELECTORS.contains(&character)
    };
    let is_arabic = |character: char| matches!(character, '\u{600}'..='\u{8ff}') && !is_space(character);
    let combining = CodePointMapData::<CanonicalCombiningClass>::new();
    joiner == JOINER && is_end_of_picture(last) && pictures.contains(next)
        || combining.get(last) == CanonicalCombiningClass::Virama
        || is_arabic(last) && is_arabic(next)
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

fn is_mark(character: char) -> bool {
    matches!(
        category(character),
        GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark | GeneralCategory::EnclosingMark
    )
}

fn is_emoji_modifier(character: char) -> bool {
    CodePointSetData::new::<EmojiModifier>().contains(character)
}

/// Leaves `max_chars` characters, or a few less where the last of them belongs together with the next.
fn cut(kept: &mut Vec<char>, max_chars: usize) {
    if kept.len() <= max_chars {
        return;
    }
    let is_one = |end: &usize| !belong_together(kept[end - 1], kept[*end]);
    let end = (1..=max_chars).rev().find(is_one).unwrap_or(max_chars);
    kept.truncate(end);
    // Where all belongs together it is cut apart, and no joiner is left without what it joins to.
    while kept.last().is_some_and(|last| matches!(*last, JOINER | NON_JOINER)) {
        kept.pop();
    }
}

fn belong_together(before: char, after: char) -> bool {
    let is_flag = |character: char| CodePointSetData::new::<RegionalIndicator>().contains(character);
    matches!(before, JOINER | NON_JOINER)
        || matches!(after, JOINER | NON_JOINER)
        || is_mark(after)
        || is_emoji_modifier(after)
        || is_flag(before) && is_flag(after)
}

#[cfg(test)]
mod tests;
