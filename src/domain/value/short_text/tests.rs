use proptest::prelude::*;

use super::*;

fn clean(text: &str) -> Option<String> {
    cleaned(text, 100)
}

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
        "see bit.ly/1.5",
        "evil\u{2024}example",
        "evil．example",
        "evil｡example",
        "help＠evil",
        "ｈｔｔｐ：／／evil",
        "call ０６１２３４５",
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
    assert_eq!(harmless(&"a".repeat(100)).expect("cut").chars().count(), SHOWN_MAX_CHARS);
}

#[test]
fn a_plain_text_stays_as_it_is() {
    for text in [
        "Pixel 7",
        "Anna's iPhone",
        "Юлин телефон",
        "안나의 휴대폰",
        "अन्ना का फ़ोन",
        "طابعة أحمد",
        "گوشی\u{200c}های من",
        "क्\u{200d}ष",
        "👩\u{200d}💻 laptop",
        "❤\u{fe0f}",
        "👍🏽",
        "🇭🇺",
        "e\u{301}",
    ] {
        assert_eq!(clean(text).as_deref(), Some(text));
        assert!(is_clean(text, 100), "{text}");
    }
}

#[test]
fn what_cannot_be_seen_or_turns_others_around_is_taken_out() {
    let mut hidden: Vec<char> = "\u{0}\u{7}\u{1b}\u{7f}\u{9b}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180b}\u{180e}\u{3164}\u{ffa0}\u{feff}\u{fff9}\u{e000}\u{ffff}\u{1d173}\u{e0001}\u{e0041}\u{e007f}\u{e0100}\u{f0000}\u{10ffff}\u{378}\u{2065}\u{200c}\u{200d}\u{fe00}".chars().collect();
    hidden.extend('\u{200b}'..='\u{200f}');
    hidden.extend('\u{202a}'..='\u{202e}');
    hidden.extend('\u{2060}'..='\u{206f}');
    for character in hidden {
        let text = format!("{character}ab{character}cd{character}");
        assert_eq!(clean(&text).as_deref(), Some("abcd"), "{character:?}");
        assert!(!is_clean(&text, 100), "{character:?}");
        assert_eq!(clean(&character.to_string()), None, "{character:?}");
    }
    assert_eq!(clean("\u{200f}iPhone").as_deref(), Some("iPhone"));
    // Text hidden in tags behind a flag, or in selectors behind a picture.
    assert_eq!(clean("🏴\u{e0067}\u{e0062}\u{e007f}").as_deref(), Some("🏴"));
    assert_eq!(clean("😀\u{fe0f}\u{fe0f}\u{e0150}").as_deref(), Some("😀\u{fe0f}"));
}

#[test]
fn white_space_of_every_kind_is_one_space_and_none_at_the_ends() {
    for space in "\t\n\u{b}\r\u{85}\u{a0}\u{1680}\u{2003}\u{2028}\u{2029}\u{202f}\u{3000}\u{2800}".chars() {
        let text = format!("{space}a{space}\u{200b}{space}b{space}");
        assert_eq!(clean(&text).as_deref(), Some("a b"), "{space:?}");
        assert_eq!(clean(&space.to_string()), None);
    }
    assert_eq!(clean(""), None);
}

#[test]
fn what_is_long_is_cut_between_what_people_see_as_characters() {
    assert_eq!(cleaned("abcdef", 4).as_deref(), Some("abcd"));
    assert_eq!(cleaned("abc def", 4).as_deref(), Some("abc"));
    assert_eq!(cleaned("abce\u{301}", 4).as_deref(), Some("abc"));
    assert_eq!(cleaned("abc👍🏽", 4).as_deref(), Some("abc"));
    assert_eq!(cleaned("ab👩\u{200d}💻", 4).as_deref(), Some("ab"));
    assert_eq!(cleaned("abc🇭🇺", 4).as_deref(), Some("abc"));
    assert_eq!(clean(&"é".repeat(120)).map(|text| text.chars().count()), Some(100));
}

#[test]
fn marks_without_a_letter_and_heaps_of_marks_are_taken_out() {
    assert_eq!(clean("\u{301}a \u{301}b").as_deref(), Some("a b"));
    let heap = format!("a{}b", "\u{301}".repeat(50));
    assert_eq!(clean(&heap), Some(format!("a{}b", "\u{301}".repeat(MOST_MARKS))));
}

proptest! {
    /// Whatever comes in: short, one line, nothing hidden, and stable.
    #[test]
    fn cleaning_is_done_once(text in any::<String>(), max_chars in 1..120_usize) {
        if let Some(once) = cleaned(&text, max_chars) {
            prop_assert!(once.chars().count() <= max_chars);
            prop_assert!(!once.chars().any(|character| character.is_control() || (is_space(character) && character != ' ')));
            prop_assert_eq!(once.trim(), once.as_str());
            prop_assert!(is_clean(&once, max_chars));
        }
    }

    /// The same of texts that are made of what is hard.
    #[test]
    fn cleaning_hard_texts_is_done_once(
        text in "[a \\u{200b}-\\u{200d}\\u{301}\\u{fe0e}\\u{fe0f}\\u{94d}\\u{915}\\u{628}👩💻🏽🇭🇺\\u{e0041}]{0,40}",
        max_chars in 1..20_usize,
    ) {
        if let Some(once) = cleaned(&text, max_chars) {
            prop_assert!(once.chars().count() <= max_chars);
            prop_assert!(is_clean(&once, max_chars), "{:?} became {:?}", once, cleaned(&once, max_chars));
        }
    }
}
