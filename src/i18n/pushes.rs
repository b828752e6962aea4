//! Notifications that are about a code.

use super::bundle::words;
use super::names::{isolated_code, named};
use super::text::Text;
use crate::domain::account::locale::Language;
use crate::domain::challenge::Purpose;
use crate::domain::code::Code;
use crate::domain::delivery::CodeToDeliver;

/// The words of a notification. Not `Debug`: they may hold a code.
pub struct PushText {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
}

/// A notification that shows the code of a challenge.
#[must_use]
pub fn code_push_text(language: Language, issued: &CodeToDeliver, code: &Code) -> PushText {
    let device = named(&issued.requester.device);
    let code = isolated_code(&code.grouped());
    let body = Text::PushCodeBody { code: &code, device: &device };
    PushText { title: words(language, title(issued.purpose)), body: words(language, body) }
}

/// A notification that says nothing which a lock screen should not show.
#[must_use]
pub fn wake_push_text(language: Language, purpose: Purpose) -> PushText {
    PushText { title: words(language, title(purpose)), body: words(language, Text::PushWakeBody) }
}

/// What stands in the place of a code that is worth nothing any more, until it is gone.
#[must_use]
pub fn over_push_text(language: Language) -> PushText {
    PushText { title: words(language, Text::PushOverTitle), body: words(language, Text::PushOverBody) }
}

/// A test that somebody asked for on the device.
#[must_use]
pub fn test_push_text(language: Language) -> PushText {
    PushText { title: words(language, Text::PushTestTitle), body: words(language, Text::PushTestBody) }
}

fn title(purpose: Purpose) -> Text<'static> {
    match purpose {
        Purpose::DisableTwoStep => Text::PushDisableTwoStepTitle,
        // The others come by mail only.
        Purpose::SignIn | Purpose::EnableTwoStep | Purpose::ChangeEmail | Purpose::CreateAccount => Text::PushCodeTitle,
    }
}
