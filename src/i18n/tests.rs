//! The files say all of it, in every language, and nothing that nobody asks for.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser::parse;

use super::bundle::{files, words};
use super::names::{isolated_code, named};
use super::text::{KEYS, Text};
use crate::domain::account::locale::Language;
use crate::domain::device::DeviceInfo;

type Variables = BTreeSet<String>;

/// Every key of a language's files with the variables of its text.
fn keys(language: Language) -> BTreeMap<String, Variables> {
    let mut keys = BTreeMap::new();
    for file in files(language) {
        let resource = parse(file).unwrap_or_else(|(_, errors)| panic!("{language}: {errors:?}"));
        for entry in resource.body {
            let Entry::Message(message) = entry else { continue };
            let mut variables = Variables::new();
            collect(&message.value.expect("every message has a text"), &mut variables);
            let key = message.id.name.to_owned();
            assert!(keys.insert(key.clone(), variables).is_none(), "{language} has {key} twice");
        }
    }
    keys
}

fn collect(pattern: &Pattern<&str>, variables: &mut Variables) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        let inline = match expression {
            Expression::Inline(inline) => inline,
            Expression::Select { selector, variants } => {
                variants.iter().for_each(|variant| collect(&variant.value, variables));
                selector
            }
        };
        match inline {
            InlineExpression::VariableReference { id } => drop(variables.insert(id.name.to_owned())),
            other => panic!("only variables are used in texts, not {other:?}"),
        }
    }
}

fn names<'a>(keys: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    keys.collect()
}

#[test]
fn no_language_lacks_a_text_that_english_has_or_has_one_more() {
    let english = keys(Language::English);
    for language in Language::ALL {
        let other = keys(*language);
        let english = names(english.keys().map(String::as_str));
        let other = names(other.keys().map(String::as_str));
        let lacks: Vec<_> = english.difference(&other).collect();
        let extra: Vec<_> = other.difference(&english).collect();
        assert!(lacks.is_empty() && extra.is_empty(), "{language} lacks {lacks:?} and has only itself {extra:?}");
    }
}

#[test]
fn english_has_exactly_the_texts_that_the_code_names() {
    let english = keys(Language::English);
    let used = names(KEYS.iter().map(|(key, _)| *key));
    let english = names(english.keys().map(String::as_str));
    let lacks: Vec<_> = used.difference(&english).collect();
    let idle: Vec<_> = english.difference(&used).collect();
    assert!(lacks.is_empty() && idle.is_empty(), "English lacks {lacks:?}, and nothing says {idle:?}");
    assert_eq!(used.len(), KEYS.len(), "two texts have the same key");
}

#[test]
fn every_language_uses_the_variables_that_the_code_gives() {
    for language in Language::ALL {
        let keys = keys(*language);
        for (key, arguments) in KEYS {
            let given: Variables = arguments.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(keys[*key], given, "{key} in {language}");
        }
    }
}

#[test]
fn numbers_are_said_as_each_language_says_them() {
    let shown = |language, devices| words(language, Text::HintShownOnTrustedDevice { devices });
    assert_eq!(shown(Language::English, 1), "The code is on the screen of 1 trusted device.");
    assert_eq!(shown(Language::English, 2), "The code is on the screen of 2 trusted devices.");
    assert_eq!(shown(Language::Hungarian, 2), "A kód 2 megbízható eszköz képernyőjén látható.");
    assert_eq!(shown(Language::German, 1), "Der Code steht auf dem Bildschirm von 1 vertrauenswürdigen Gerät.");
    assert_eq!(shown(Language::German, 3), "Der Code steht auf dem Bildschirm von 3 vertrauenswürdigen Geräten.");
}

#[test]
fn what_is_put_into_a_text_stays_as_it_is() {
    for language in Language::ALL {
        let text = words(*language, Text::PushCodeBody { code: "123 456", device: "{ $code } <b> مثال" });
        assert!(text.contains("123 456") && text.contains("{ $code } <b> مثال"), "{text}");
        let marks = ['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];
        assert!(!text.contains(marks), "{text:?} has isolation marks");
    }
}

/// As it stands on the screen, from left to right (UAX 9), without marks that nobody sees.
fn on_screen(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let info = unicode_bidi::BidiInfo::new(line, None);
        let seen = |paragraph| info.reorder_line(paragraph, paragraph.range.clone()).into_owned();
        info.paragraphs.iter().map(seen).collect::<String>()
    });
    let seen = lines.collect::<Vec<_>>().join("\n");
    seen.chars().filter(|mark| !('\u{2066}'..='\u{2069}').contains(mark)).collect()
}

/// A name that is written from right to left turns nothing around that stands beside it.
#[test]
fn a_code_reads_as_it_is_whatever_the_device_is_called() {
    for name in ["הטלפון של אנה", "هاتف آنا", "آیفون ۱۴", "iPhone של אנה", "Pixel 7", "12345", "(אנה)"]
    {
        let device: DeviceInfo = serde_json::from_value(serde_json::json!({
            "install_id": uuid::Uuid::nil(), "name": name, "model": "דגם", "platform": "ios", "os_version": "1", "app_version": "1",
        }))
        .expect("a device");
        let code = isolated_code("580 263");
        let shown = named(&device);
        for language in Language::ALL {
            let body = words(*language, Text::PushCodeBody { code: &code, device: &shown });
            let seen = on_screen(&body);
            assert!(seen.contains("580\u{a0}263"), "{language}, {name}: {body:?} reads {seen:?}");
            assert!(seen.starts_with("580"), "{language}, {name}: {seen:?}");
            let label = words(*language, Text::MailFactDevice);
            let fact = on_screen(&format!("{label}: {} 127.0.0.1", named(&device)));
            assert!(fact.starts_with(&label) && fact.ends_with("127.0.0.1"), "{language}, {name}: {fact:?}");
        }
    }
    // What it would be without.
    let plain = words(Language::Hungarian, Text::PushCodeBody { code: "580 263", device: "הטלפון" });
    assert!(!on_screen(&plain).starts_with("580 263"), "{plain}");
}

#[test]
fn every_file_of_the_folder_is_read_and_every_language_has_one_of_each() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/locales");
    let list =
        |folder: &str| std::fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("readable"));
    assert_eq!(list(root).count(), Language::ALL.len(), "a folder of locales/ is no language of the code");
    for language in Language::ALL {
        let folder = format!("{root}/{language}");
        let written: BTreeSet<String> =
            list(&folder).map(|entry| std::fs::read_to_string(entry.path()).expect("readable")).collect();
        let read: BTreeSet<String> = files(*language).into_iter().map(str::to_owned).collect();
        assert!(written == read, "{folder} and the files that are read differ");
    }
}
