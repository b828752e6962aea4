//! Devices: installations of the app, or browser profiles.

use serde::{Deserialize, Serialize};

use super::id::{DeviceId, InstallId};
use super::locale::Locale;
use super::text::{TextError, short_text};
use super::words::words;

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
}

/// A field of a device that was refused.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("device.{field} {error}")]
pub struct InvalidDevice {
    /// The field's name.
    pub field: &'static str,
    /// The rule it broke.
    pub error: TextError,
}

impl DeviceInfo {
    /// Trims and checks every text.
    ///
    /// # Errors
    /// [`InvalidDevice`] names the first field that is empty, too long or holds control characters.
    pub fn checked(self) -> Result<Self, InvalidDevice> {
        let check = |field, text: &str, max| short_text(text, max).map_err(|error| InvalidDevice { field, error });
        Ok(Self {
            name: check("name", &self.name, NAME_MAX_CHARS)?,
            model: check("model", &self.model, MODEL_MAX_CHARS)?,
            os_version: check("os_version", &self.os_version, VERSION_MAX_CHARS)?,
            app_version: check("app_version", &self.app_version, VERSION_MAX_CHARS)?,
            ..self
        })
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
