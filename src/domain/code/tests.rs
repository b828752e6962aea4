use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

#[test]
fn whoever_guesses_at_an_address_soon_meets_the_longest_codes() {
    assert_eq!([0, 15, 16, 20, u32::MAX - 5].map(|guesses| confirmation_digits(6, guesses)), [6, 6, 10, 10, 10]);
}

fn keys() -> CodeKeys {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    CodeKeys::parse(&format!("new:{}\nold:{}", key(1), key(2)).into()).expect("valid")
}

fn source<'a>(key_id: &'a KeyId, id: u128, purpose: Purpose, generation: u32) -> CodeSource<'a> {
    let challenge_id = ChallengeId::new(Uuid::from_u128(id));
    CodeSource { key_id, salt: None, challenge_id, purpose, generation, digits: 6 }
}

#[test]
fn a_code_depends_on_key_challenge_purpose_and_generation() {
    let keys = keys();
    let new = KeyId::parse("new").expect("valid");
    let old = KeyId::parse("old").expect("valid");
    let code = |key, id, purpose, generation| {
        keys.derive(&source(key, id, purpose, generation)).expect("key").expose().to_owned()
    };
    let base = code(&new, 1, Purpose::SignIn, 1);
    assert_eq!(base, code(&new, 1, Purpose::SignIn, 1));
    assert_ne!(base, code(&old, 1, Purpose::SignIn, 1));
    assert_ne!(base, code(&new, 2, Purpose::SignIn, 1));
    assert_ne!(base, code(&new, 1, Purpose::EnableTwoStep, 1));
    assert_ne!(base, code(&new, 1, Purpose::SignIn, 2));
}

#[test]
fn a_code_depends_on_the_salt_which_hides_in_debug() {
    let keys = keys();
    let key = KeyId::parse("new").expect("valid");
    let salts = [1, 2].map(|byte| CodeSalt::new([byte; SALT_BYTES]));
    let code = |salt| {
        let source = CodeSource { salt, ..source(&key, 1, Purpose::SignIn, 1) };
        keys.derive(&source).expect("key").expose().to_owned()
    };
    let codes = [code(None), code(Some(&salts[0])), code(Some(&salts[1]))];
    assert!(codes[0] != codes[1] && codes[1] != codes[2] && codes[0] != codes[2], "{codes:?}");
    assert_eq!(format!("{:?}", salts[0]), "CodeSalt(hidden)");
}

/// The code of a challenge without a salt, as it was before there were any.
#[test]
fn a_challenge_that_began_before_salts_keeps_its_code() {
    let keys = keys();
    let key = KeyId::parse("new").expect("valid");
    assert_eq!(keys.derive(&source(&key, 1, Purpose::SignIn, 1)).expect("key").expose(), "482492");
}

#[test]
fn grouping_is_for_reading_and_typing() {
    let code = Code("012345".to_owned().into());
    assert_eq!(code.grouped(), "012 345");
    assert!(code.matches(&TypedCode::parse(&" 012 345".to_owned().into(), 6).expect("digits")));
    assert!(!code.matches(&TypedCode::parse(&"012346".to_owned().into(), 6).expect("digits")));
    for text in
        ["", "12345", "1234567", "12345678901", "12345a", "123a456", "123456 or 654321", "12. 3456", "0xab12cd", "one"]
    {
        assert_eq!(TypedCode::parse(&text.to_owned().into(), 6).err(), Some(NotACode { digits: 6 }), "{text}");
    }
}

#[test]
fn a_code_is_read_however_it_is_written() {
    for text in [
        "123456",
        "123 456",
        "123\u{a0}456",
        "123-456",
        "123\u{2013}456",
        "123.456",
        "1 2 3 4 5 6",
        "١٢٣٤٥٦",
        "۱۲۳۴۵۶",
        "१२३४५६",
        "１２３４５６",
        "𝟏𝟐𝟑𝟒𝟓𝟔",
        "\u{202b}123\u{2069} 456\u{202c}",
        "123\u{200b}456",
        "Your sign-in code is 123 456.",
        "Code: 123456\nIt expires in 10 minutes (14:05).",
        "Ihr Code lautet 123 456 und gilt 10 Minuten",
        "<#> 123456 is your code",
    ] {
        let typed = TypedCode::parse(&text.to_owned().into(), 6).unwrap_or_else(|_| panic!("{text:?}"));
        assert_eq!(typed.0.expose_secret(), "123456", "{text:?}");
    }
    let twice = TypedCode::parse(&"123456 (123456)".to_owned().into(), 6);
    assert_eq!(twice.expect("the same twice").0.expose_secret(), "123456");
}

/// Chi-squared over the leading digit and over the last: 9 degrees of freedom, 27.9 is the 0.1 % point.
#[test]
fn digits_are_uniform() {
    let keys = keys();
    let id = KeyId::parse("new").expect("valid");
    let mut counts = [[0_u32; 10]; 2];
    for challenge in 0..20_000 {
        let code = keys.derive(&source(&id, challenge, Purpose::SignIn, 1)).expect("key");
        for (position, column) in [(0, 0), (5, 1)] {
            counts[column][usize::from(code.expose().as_bytes()[position] - b'0')] += 1;
        }
    }
    for column in counts {
        let chi_squared: f64 = column.iter().map(|count| (f64::from(*count) - 2_000.0).powi(2) / 2_000.0).sum();
        assert!(chi_squared < 27.9, "{column:?}: {chi_squared}");
    }
}

proptest! {
    #[test]
    fn every_length_has_exactly_its_digits(id: u128, generation: u32, digits in MIN_DIGITS..=MAX_DIGITS) {
        let keys = keys();
        let key_id = KeyId::parse("new").expect("valid");
        let code = keys.derive(&CodeSource { digits, ..source(&key_id, id, Purpose::SignIn, generation) }).expect("key");
        prop_assert_eq!(code.expose().len(), usize::from(digits));
        prop_assert!(code.expose().bytes().all(|byte| byte.is_ascii_digit()));
        prop_assert!(code.matches(&TypedCode::parse(&code.grouped().into(), digits).expect("digits")));
    }
}
