//! Foreign words in our sentences: names of devices, places, codes.

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;

use crate::domain::device::DeviceInfo;

/// First strong isolate and pop directional isolate (UAX 9 section 2.4.2): what is between does not turn around what stands beside it.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

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

/// What a device is called in a sentence of ours: its name and model.
#[must_use]
pub(super) fn named(device: &DeviceInfo) -> String {
    let (name, model) = device.shown();
    if name == model { isolated(&name) } else { format!("{} ({})", isolated(&name), isolated(&model)) }
}
