//! How strong a new password is, by the estimator zxcvbn (Wheeler, USENIX Security 2016), and whether it is one of those that
//! are tried first.
//!
//! NIST SP 800-63B-4 section 3.1.1.2 and OWASP ASVS 5.0 section 6.2: new passwords are compared with a list of common and
//! expected ones, and nothing else but their length is demanded.

use zxcvbn::feedback::{Feedback, Suggestion, Warning};
use zxcvbn::matching::patterns::MatchPattern;
use zxcvbn::{Entropy, Score};

use crate::domain::value::string_enum::words;

/// Whatever is found within so many guesses counts as common: lists of passwords are tried in the order of their frequency.
const COMMON_WITHIN: u64 = 10_000;
/// As much of a password is judged: the estimator's time grows with more than the square of the length, up to a second for a
/// hundred characters made for it. Whoever has so many good ones has enough.
const JUDGED_CHARS: usize = 32;
/// A password is looked up in lists in pieces of so many characters: the time grows with more than the square of the length, and
/// hardly anything in a list is longer.
const LOOKED_UP_CHARS: usize = 16;
/// Expected in passwords of accounts of this product.
const PRODUCT_WORDS: [&str; 2] = ["twostep", "two-step"];

words! {
    /// What makes a password easy to guess.
    PasswordWarning("password warning") {
        /// It is, or is similar to, one of the most used passwords.
        Common = "common",
        /// It is a single word.
        Word = "word",
        /// It is made of names.
        Name = "name",
        /// It follows the keys of a keyboard.
        Keyboard = "keyboard",
        /// It repeats itself.
        Repeat = "repeat",
        /// It is a sequence such as abc or 6543.
        Sequence = "sequence",
        /// It is made of a date or a year.
        Date = "date",
    }
}

words! {
    /// What would make it better.
    PasswordSuggestion("password suggestion") {
        /// Use several words that have nothing to do with each other.
        MoreWords = "more_words",
        /// Capitals, symbols for letters and words written backwards help little.
        FewTricks = "few_tricks",
        /// Leave out repetitions, sequences and rows of keys.
        NoPatterns = "no_patterns",
        /// Leave out dates and years that have to do with you.
        NoDates = "no_dates",
    }
}

/// How strong a password is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// From 0 (found at once) to 4 (very hard to find).
    pub score: u8,
    /// It is one of those that are tried first; refused.
    pub is_common: bool,
    /// What makes it easy to guess.
    pub warning: Option<PasswordWarning>,
    /// What would make it better.
    pub suggestions: Vec<PasswordSuggestion>,
}

/// Estimates a password. `personal` are words that are expected in it: parts of the address, say. What is longer than 32
/// characters is judged by its first 32; that takes a tenth of a second at worst.
#[must_use]
pub fn estimate(password: &str, personal: &[&str]) -> Strength {
    let expected: Vec<&str> = personal.iter().copied().chain(PRODUCT_WORDS).collect();
    let judged: String = password.chars().take(JUDGED_CHARS).collect();
    let entropy = zxcvbn::zxcvbn(&judged, &expected);
    let feedback = entropy.feedback();
    let mut suggestions = Vec::new();
    for suggestion in feedback.map(Feedback::suggestions).unwrap_or_default() {
        let suggestion = word_for(*suggestion);
        if !suggestions.contains(&suggestion) {
            suggestions.push(suggestion);
        }
    }
    Strength {
        score: score(entropy.score()),
        is_common: is_common(password, personal),
        warning: feedback.and_then(Feedback::warning).map(warning_for),
        suggestions,
    }
}

/// Whether a password is one of those that are tried first, disguised or not. Of one that is longer than 16 characters the first and
/// the last 16 are looked up, and both must be: its time is bounded by two short estimates whatever was typed.
#[must_use]
pub fn is_common(password: &str, personal: &[&str]) -> bool {
    let expected: Vec<&str> = personal.iter().copied().chain(PRODUCT_WORDS).collect();
    if expected.iter().any(|word| !word.is_empty() && word.to_lowercase() == password.to_lowercase()) {
        return true;
    }
    let chars: Vec<char> = password.chars().collect();
    let is_listed = |piece: &[char]| is_found_first(&zxcvbn::zxcvbn(&String::from_iter(piece), &expected));
    let ends = LOOKED_UP_CHARS.min(chars.len());
    is_listed(&chars[..ends]) && (chars.len() == ends || is_listed(&chars[chars.len() - ends..]))
}

/// Found within the first guesses, or, as a whole, an entry of a list of passwords, words or names, disguised or not.
fn is_found_first(entropy: &Entropy) -> bool {
    let is_listed = matches!(entropy.sequence(), [only] if matches!(only.pattern, MatchPattern::Dictionary(_)));
    is_listed || entropy.guesses() < COMMON_WITHIN
}

fn score(score: Score) -> u8 {
    match score {
        Score::Zero => 0,
        Score::One => 1,
        Score::Two => 2,
        Score::Three => 3,
        // The enumeration is open; there is no higher one.
        _ => 4,
    }
}

fn warning_for(warning: Warning) -> PasswordWarning {
    match warning {
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => PasswordWarning::Common,
        Warning::AWordByItselfIsEasyToGuess => PasswordWarning::Word,
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            PasswordWarning::Name
        }
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => {
            PasswordWarning::Keyboard
        }
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            PasswordWarning::Repeat
        }
        Warning::SequencesLikeAbcAreEasyToGuess => PasswordWarning::Sequence,
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => PasswordWarning::Date,
    }
}

fn word_for(suggestion: Suggestion) -> PasswordSuggestion {
    match suggestion {
        Suggestion::UseAFewWordsAvoidCommonPhrases
        | Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters
        | Suggestion::AddAnotherWordOrTwo => PasswordSuggestion::MoreWords,
        Suggestion::CapitalizationDoesntHelpVeryMuch
        | Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase
        | Suggestion::ReversedWordsArentMuchHarderToGuess
        | Suggestion::PredictableSubstitutionsDontHelpVeryMuch => PasswordSuggestion::FewTricks,
        Suggestion::UseALongerKeyboardPatternWithMoreTurns
        | Suggestion::AvoidRepeatedWordsAndCharacters
        | Suggestion::AvoidSequences => PasswordSuggestion::NoPatterns,
        Suggestion::AvoidRecentYears
        | Suggestion::AvoidYearsThatAreAssociatedWithYou
        | Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => PasswordSuggestion::NoDates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_common(password: &str) -> bool {
        super::is_common(password, &["anna.smith", "example", "anna.smith.of.somewhere@example.com"])
    }

    #[test]
    fn what_is_tried_first_is_common() {
        for password in [
            "password",
            "Password1",
            "p4ssw0rd",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "aaaaaaaa",
            "abcdefgh",
            "drowssap",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abcdefghijklmnopqrstuvwxyz",
        ] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn what_is_expected_of_this_account_is_common() {
        for password in ["anna.smith", "Anna.Smith", "Two-Step", "Anna.Smith.of.Somewhere@Example.com"] {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn everything_else_is_taken_however_it_is_made() {
        for password in [
            "correct horse battery staple",
            "long enough",
            "another password",
            "xk7qpw2m",
            "jelszó az ablakban",
            "Tr0ub4dor&3",
        ] {
            assert!(!is_common(password), "{password}");
        }
    }

    #[test]
    fn what_is_wrong_and_what_helps_is_said() {
        let weak = estimate("qwertyuiop", &[]);
        assert!(weak.score <= 1 && weak.warning.is_some() && !weak.suggestions.is_empty(), "{weak:?}");
        let strong = estimate("correct horse battery staple", &[]);
        assert_eq!((strong.score, strong.warning, strong.suggestions.len()), (4, None, 0));
    }
}
