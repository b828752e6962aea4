//! The files, read once, and the words of a text in a language.

use std::sync::LazyLock;

use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use unic_langid::LanguageIdentifier;

use super::text::Text;
use crate::domain::account::locale::Language;

type Bundle = FluentBundle<FluentResource>;

/// The files of a language.
macro_rules! files {
    ($language:literal) => {
        [
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/mails.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/notices.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/pushes.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/hints.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/deliveries.ftl")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/locales/", $language, "/passwords.ftl")),
        ]
    };
}

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| read(Language::English));
static HUNGARIAN: LazyLock<Bundle> = LazyLock::new(|| read(Language::Hungarian));
static GERMAN: LazyLock<Bundle> = LazyLock::new(|| read(Language::German));

/// The files of a language, in no particular order.
pub(super) fn files(language: Language) -> [&'static str; 6] {
    match language {
        Language::English => files!("en"),
        Language::Hungarian => files!("hu"),
        Language::German => files!("de"),
    }
}

fn bundle(language: Language) -> &'static Bundle {
    match language {
        Language::English => &ENGLISH,
        Language::Hungarian => &HUNGARIAN,
        Language::German => &GERMAN,
    }
}

fn read(language: Language) -> Bundle {
    let id: LanguageIdentifier = language.as_str().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // The marks that isolate an argument's direction would end up in subjects and on lock screens.
    bundle.set_use_isolating(false);
    for file in files(language) {
        // A line that is no Fluent is left out, and what it should have said is said in English; a test reads every file.
        let resource = FluentResource::try_new(file.to_owned()).unwrap_or_else(|(readable, _)| readable);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// The words of a text; in English where the language lacks it.
pub(super) fn words(language: Language, text: Text<'_>) -> String {
    let words = [language, Language::English].into_iter().find_map(|language| formatted(bundle(language), text));
    // Never shown: a test finds every key in the English files.
    words.unwrap_or_else(|| text.key().to_owned())
}

fn formatted(bundle: &Bundle, text: Text<'_>) -> Option<String> {
    let pattern = bundle.get_message(text.key())?.value()?;
    let arguments = text.arguments();
    let mut errors = Vec::new();
    let words = bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
    errors.is_empty().then_some(words)
}
