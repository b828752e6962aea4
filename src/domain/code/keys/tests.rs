use uuid::Uuid;

use super::super::super::challenge::Purpose;
use super::*;
use crate::domain::value::id::ChallengeId;

fn parse(text: &str) -> Result<CodeKeys, InvalidCodeKeys> {
    CodeKeys::parse(&text.to_owned().into())
}

fn id(text: &str) -> KeyId {
    KeyId::parse(text).expect("valid")
}

fn code(keys: &CodeKeys, key: &str) -> Result<String, NoCode> {
    let challenge_id = ChallengeId::new(Uuid::from_u128(1));
    let key_id = &id(key);
    let purpose = Purpose::SignIn;
    let source = CodeSource { key_id, salt: None, challenge_id, purpose, generation: 1, digits: 6 };
    keys.derive(&source).map(|code| code.expose().to_owned())
}

fn line(id: &str, byte: u8) -> String {
    format!("{id}:{}\n", STANDARD.encode([byte; 32]))
}

#[test]
fn a_key_that_is_not_here_or_revoked_gives_no_code() {
    let keys = parse(&format!("# gone\nold:revoked\n{}{}", line("new", 1), line("older", 2))).expect("valid");
    assert_eq!(keys.current(), &id("new"), "a revoked key is never the current one");
    assert!(code(&keys, "new").is_ok() && code(&keys, "older").is_ok());
    assert_eq!(code(&keys, "old"), Err(NoCode::RevokedKey));
    assert_eq!(code(&keys, "lost"), Err(NoCode::UnknownKey));
    let states: Vec<_> = keys.states().map(|(id, state)| (id.as_str(), state.as_str())).collect();
    assert_eq!(states, [("new", "current"), ("old", "revoked"), ("older", "accepted")]);
    assert_eq!(keys.to_string(), "new (current), old (revoked), older (accepted)");
}

#[test]
fn malformed_keys_are_refused_by_line() {
    let refused = |text: &str| parse(text).map(|_| ()).expect_err("refused");
    assert_eq!(refused(""), InvalidCodeKeys::Empty);
    assert_eq!(refused("a:revoked"), InvalidCodeKeys::Empty);
    assert_eq!(refused(&format!("{}b:short", line("a", 1))), InvalidCodeKeys::Malformed(2));
    assert_eq!(refused(&format!("{}a:revoked", line("a", 1))), InvalidCodeKeys::Repeated(2));
}

#[test]
fn an_id_keeps_its_key() {
    let keys = parse(&line("a", 1)).expect("valid");
    let newer = |text: &str| parse(text).expect("valid");
    assert_eq!(keys.contradicted_by(&newer(&line("a", 2))), Some(&id("a")));
    for fine in [line("b", 2) + &line("a", 1), line("b", 2), line("b", 2) + "a:revoked"] {
        assert_eq!(keys.contradicted_by(&newer(&fine)), None, "{fine}");
    }
}

#[test]
fn keys_that_no_generator_makes_are_found_out() {
    let counting = std::array::from_fn(|index| 240 + u16::try_from(index).expect("small"));
    let counting = counting.map(|value: u16| u8::try_from(value % 256).expect("a byte"));
    for (key, expected) in [
        ([0; 32], WeakKey::Repetitive),
        ([b'a'; 32], WeakKey::Text),
        (*b"correct horse battery staple 123", WeakKey::Text),
        (*b"\0\x01\x02\x03\x04\x05\x06\x07\0\x01\x02\x03\x04\x05\x06\x07\0\x01\x02\x03\x04\x05\x06\x07\0\x01\x02\x03\x04\x05\x06\x07", WeakKey::Repetitive),
        (counting, WeakKey::Counting),
    ] {
        let keys = CodeKeys::single(id("k1"), key);
        assert_eq!(keys.weakness(), Some((&id("k1"), expected)), "{key:?}");
    }
    let random = "k1:7Zk8nq0fXy1w4r5Qm3uV9sT2bL6hJgEoPcDaKiNxRzA=";
    assert_eq!(parse(random).expect("valid").weakness(), None);
    let copied = random.replace("k1", &format!("{}-0123abcd", CodeKeys::DEVELOPMENT_ID));
    assert_eq!(parse(&copied).expect("valid").weakness(), Some((&id("development-0123abcd"), WeakKey::Development)));
}
