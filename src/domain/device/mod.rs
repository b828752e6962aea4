//! Devices: installations of the app, or browser profiles.

pub mod session;
pub mod successor;
pub mod token;

use serde::{Deserialize, Serialize};

use crate::domain::account::locale::Locale;
use crate::domain::account::zone::ZoneName;
use crate::domain::value::id::{DeviceId, InstallId};
use crate::domain::value::short_text::{cleaned, harmless};
use crate::domain::value::string_enum::words;

/// Longest name of a device, in characters.
pub const NAME_MAX_CHARS: usize = 100;
/// Longest model of a device, in characters.
pub const MODEL_MAX_CHARS: usize = 100;
/// Longest version text, in characters.
pub const VERSION_MAX_CHARS: usize = 100;

words! {
    /// What a device runs on.
    Platform("platform") {
        /// Google's Android.
        Android = "android",
        /// Apple's iOS or iPadOS.
        Ios = "ios",
        /// A browser profile.
        Web = "web",
        /// Anything else: a desktop program, a script, a kiosk.
        Other = "other",
    }
}

/// What stands for a version that is not said in a readable way.
const UNKNOWN_VERSION: &str = "unknown";

impl Platform {
    /// What a device is called that has no readable name of its own.
    #[must_use]
    pub fn stand_in(self) -> &'static str {
        match self {
            Self::Android => "Android phone",
            Self::Ios => "iPhone or iPad",
            Self::Web => "Browser",
            Self::Other => "Device",
        }
    }
}

/// What an installation says about itself when it signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Made by the app when it was installed.
    pub install_id: InstallId,
    /// As its owner calls it.
    pub name: String,
    /// As its maker calls it.
    pub model: String,
    /// What it runs on.
    pub platform: Platform,
    /// Version of the operating system or browser.
    pub os_version: String,
    /// Version of the app.
    pub app_version: String,
    /// Which language its user reads, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// Which clock its user reads, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<ZoneName>,
}

impl DeviceInfo {
    /// With every text as others may read it. Operating systems and people write them: an odd one must not keep a sign-in from
    /// being made, so it is cleaned and cut, and where nothing is left something stands for it.
    #[must_use]
    pub fn cleaned(self) -> Self {
        let stand_in = self.platform.stand_in();
        let clean = |text: &str, max, otherwise: &str| cleaned(text, max).unwrap_or_else(|| otherwise.to_owned());
        Self {
            name: clean(&self.name, NAME_MAX_CHARS, stand_in),
            model: clean(&self.model, MODEL_MAX_CHARS, stand_in),
            os_version: clean(&self.os_version, VERSION_MAX_CHARS, UNKNOWN_VERSION),
            app_version: clean(&self.app_version, VERSION_MAX_CHARS, UNKNOWN_VERSION),
            ..self
        }
    }

    /// Name and model as they are shown to others. Whoever signs in chose them: what reads like a link, an address or a number to
    /// call gives way to the platform's name.
    #[must_use]
    pub fn shown(&self) -> (String, String) {
        let shown = |text| harmless(text).unwrap_or_else(|| self.platform.stand_in().to_owned());
        (shown(&self.name), shown(&self.model))
    }
}

/// A device as the gateway knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The gateway's name for it.
    pub id: DeviceId,
    /// What it said about itself.
    pub info: DeviceInfo,
    /// Passed verification and was not removed.
    pub trusted: bool,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_a_device_says_of_itself_is_cleaned_and_something_stands_for_nothing() {
        for (platform, stand_in) in [
            (Platform::Android, "Android phone"),
            (Platform::Ios, "iPhone or iPad"),
            (Platform::Web, "Browser"),
            (Platform::Other, "Device"),
        ] {
            let text = || "\u{200b}\u{2028}".to_owned();
            let install_id = InstallId::new(Uuid::nil());
            let name = text();
            let model = String::new();
            let os_version = text();
            let app_version = "1\u{202e}.0".to_owned();
            let info = DeviceInfo {
                install_id,
                name,
                model,
                platform,
                os_version,
                app_version,
                locale: None,
                time_zone: None,
            };
            let info = info.cleaned();
            assert_eq!((info.name.as_str(), info.model.as_str()), (stand_in, stand_in));
            assert_eq!((info.os_version.as_str(), info.app_version.as_str()), (UNKNOWN_VERSION, "1.0"));
        }
    }
}
