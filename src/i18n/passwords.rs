//! How strong a password is, in words.

use super::bundle::words;
use super::text::Text;
use crate::domain::account::locale::Language;
use crate::domain::account::password_strength::{PasswordSuggestion, PasswordWarning};

/// What makes a password easy to guess.
#[must_use]
pub fn password_warning_text(language: Language, warning: PasswordWarning) -> String {
    let text = match warning {
        PasswordWarning::Common => Text::PasswordCommon,
        PasswordWarning::Word => Text::PasswordWord,
        PasswordWarning::Name => Text::PasswordName,
        PasswordWarning::Keyboard => Text::PasswordKeyboard,
        PasswordWarning::Repeat => Text::PasswordRepeat,
        PasswordWarning::Sequence => Text::PasswordSequence,
        PasswordWarning::Date => Text::PasswordDate,
    };
    words(language, text)
}

/// What would make it better.
#[must_use]
pub fn password_suggestion_text(language: Language, suggestion: PasswordSuggestion) -> String {
    let text = match suggestion {
        PasswordSuggestion::MoreWords => Text::PasswordMoreWords,
        PasswordSuggestion::FewTricks => Text::PasswordFewTricks,
        PasswordSuggestion::NoPatterns => Text::PasswordNoPatterns,
        PasswordSuggestion::NoDates => Text::PasswordNoDates,
    };
    words(language, text)
}
