//! Text from outside: short, without control characters.

/// Why a text was refused.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("must not be longer than {0} characters")]
    TooLong(usize),
    /// A control character, which could forge lines in a log, a mail or a terminal.
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// Accepts a trimmed text of 1 to `max_chars` characters without control characters.
///
/// Bidirectional overrides count as control characters: they can make a device name read as another.
///
/// # Errors
/// [`TextError`] says which rule the text broke.
pub fn short_text(text: &str, max_chars: usize) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().count() > max_chars {
        return Err(TextError::TooLong(max_chars));
    }
    if text.chars().any(|character| character.is_control() || is_bidirectional_control(character)) {
        return Err(TextError::ControlCharacter);
    }
    Ok(text.to_owned())
}

/// Unicode's explicit directional formatting characters (UAX 9 section 2).
fn is_bidirectional_control(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_bounded() {
        assert_eq!(short_text("  Pixel 7 ", 10), Ok("Pixel 7".to_owned()));
        assert_eq!(short_text(" ", 10), Err(TextError::Empty));
        assert_eq!(short_text("ééééé", 4), Err(TextError::TooLong(4)));
    }

    #[test]
    fn characters_that_forge_lines_or_directions_are_refused() {
        for text in ["a\nb", "a\u{0}b", "a\u{202e}b", "a\u{85}b"] {
            assert_eq!(short_text(text, 10), Err(TextError::ControlCharacter), "{text:?}");
        }
    }
}
