//! What goes over the wire, in both directions, where several routes share it.

mod challenge_answer;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

use super::extract::invalid;
use super::status::SignedInStatus;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Locale;
use crate::domain::account::zone::ZoneName;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::device::{Device, DeviceInfo, Platform};
use crate::domain::value::id::{DeviceId, InstallId};
use crate::domain::value::moment;
use crate::http::problem::Problem;
use crate::http::site::session_cookies::HoldsTokens;
use crate::service::{IssuedSession, SignedIn};
use crate::store::device::TrustedDevice;
pub(in crate::http) use challenge_answer::{ChallengeAnswer, ChallengeEnvelope};

/// A device, as it says of itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct DeviceBody {
    /// A UUID that the app makes once, when it is installed.
    install_id: InstallId,
    /// As its owner calls it. Control and invisible characters are taken out, and it is cut to 100 characters; where nothing is left
    /// something such as "Android phone" stands for it. So it is with the other texts.
    name: String,
    /// As its maker calls it.
    model: String,
    /// What it runs on.
    platform: Platform,
    /// Version of the operating system or browser.
    os_version: String,
    /// Version of the app.
    app_version: String,
    /// The language that its user reads, a BCP 47 tag such as `hu-HU`; else the request's `Accept-Language` says.
    #[serde(default)]
    locale: Option<String>,
    /// The clock that its user reads, by its name in the IANA time zone database, such as `Europe/Budapest`: mails say when in it.
    #[serde(default)]
    time_zone: Option<String>,
}

impl DeviceBody {
    pub(in crate::http) fn checked(self) -> Result<DeviceInfo, Problem> {
        let Self { install_id, name, model, platform, os_version, app_version, locale, time_zone } = self;
        let locale = locale.as_deref().and_then(Locale::read);
        let time_zone = time_zone.as_deref().and_then(ZoneName::read);
        let info = DeviceInfo { install_id, name, model, platform, os_version, app_version, locale, time_zone };
        Ok(info.cleaned())
    }
}

/// Reads the address of a body.
pub(in crate::http) fn email(text: &str) -> Result<EmailAddress, Problem> {
    EmailAddress::parse(text).map_err(|error| invalid("email", error))
}

/// A secret in a body: a plain string whose memory is wiped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = Password)]
pub(in crate::http) struct SecretText(SecretString);

impl From<SecretText> for SecretString {
    fn from(text: SecretText) -> Self {
        text.0
    }
}

impl std::ops::Deref for SecretText {
    type Target = SecretString;

    fn deref(&self) -> &SecretString {
        &self.0
    }
}

/// A token in an answer: it is written out when the answer is, and no copy is made before.
pub(in crate::http) struct SentToken(Token);

impl From<Token> for SentToken {
    fn from(token: Token) -> Self {
        Self(token)
    }
}

impl Serialize for SentToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

/// A device, as the gateway knows it.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct DeviceAnswer {
    id: DeviceId,
    name: String,
    model: String,
    platform: Platform,
    /// The language that its user reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    /// It skips the second step.
    trusted: bool,
    /// Keep it, and send it with the next sign-in: it replaces the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    trust_token: Option<SentToken>,
}

impl DeviceAnswer {
    pub(in crate::http) fn new(device: Device, trust_token: Option<Token>) -> Self {
        Self {
            id: device.id,
            name: device.info.name,
            model: device.info.model,
            platform: device.info.platform,
            locale: device.info.locale.map(Into::into),
            trusted: device.trusted,
            trust_token: trust_token.map(SentToken),
        }
    }
}

impl HoldsTokens for DeviceAnswer {
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)> {
        self.trust_token.take().map(|token| (TokenKind::Trust, token.0)).into_iter().collect()
    }
}

/// A trusted device in a list.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TrustedDeviceAnswer {
    id: DeviceId,
    name: String,
    model: String,
    platform: Platform,
    os_version: String,
    app_version: String,
    /// Always true here.
    trusted: bool,
    /// It is the device that asks.
    this_device: bool,
    /// When it last signed in, refreshed its session or changed something about itself.
    #[serde(serialize_with = "moment::write")]
    last_seen_at: Timestamp,
    /// Since when it is trusted.
    #[serde(serialize_with = "moment::write")]
    trusted_at: Timestamp,
    /// Where it seemed to be when it was last seen; null when nobody knows.
    location: Option<String>,
}

impl TrustedDeviceAnswer {
    pub(in crate::http) fn list(devices: Vec<TrustedDevice>, this_device: DeviceId) -> Vec<Self> {
        devices.into_iter().map(|trusted| Self::new(trusted, this_device)).collect()
    }

    fn new(trusted: TrustedDevice, this_device: DeviceId) -> Self {
        let TrustedDevice { device, last_seen_at, trusted_at, location } = trusted;
        Self {
            this_device: device.id == this_device,
            id: device.id,
            name: device.info.name,
            model: device.info.model,
            platform: device.info.platform,
            os_version: device.info.os_version,
            app_version: device.info.app_version,
            trusted: device.trusted,
            last_seen_at,
            trusted_at,
            location,
        }
    }
}

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SessionAnswer {
    /// Send it as `Authorization: Bearer`. Our own page gets both tokens as cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    access_token: Option<SentToken>,
    /// Seconds for which it is good.
    expires_in: i64,
    /// Exchange it for the next tokens, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    refresh_token: Option<SentToken>,
}

impl From<IssuedSession> for SessionAnswer {
    fn from(session: IssuedSession) -> Self {
        Self {
            access_token: Some(SentToken(session.access)),
            expires_in: session.expires_in.as_secs(),
            refresh_token: Some(SentToken(session.refresh)),
        }
    }
}

impl HoldsTokens for SessionAnswer {
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)> {
        let access = self.access_token.take().map(|token| (TokenKind::Access, token.0));
        let refresh = self.refresh_token.take().map(|token| (TokenKind::Refresh, token.0));
        access.into_iter().chain(refresh).collect()
    }
}

/// A device that signed in.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct SignedInAnswer {
    #[schema(inline)]
    status: SignedInStatus,
    session: SessionAnswer,
    device: DeviceAnswer,
    /// What says so to the app whose server began the verification: a JSON Web Token, for that server only.
    #[serde(skip_serializing_if = "Option::is_none")]
    assertion: Option<String>,
}

impl SignedInAnswer {
    /// With what says so to an app's server, if one asked for it.
    pub(in crate::http) fn asserted(self, assertion: Option<String>) -> Self {
        Self { assertion, ..self }
    }
}

impl From<SignedIn> for SignedInAnswer {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            status: SignedInStatus::SignedIn,
            device: DeviceAnswer::new(signed_in.device, signed_in.trust_token),
            session: signed_in.session.into(),
            assertion: None,
        }
    }
}

impl HoldsTokens for SignedInAnswer {
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)> {
        [self.session.take_tokens(), self.device.take_tokens()].concat()
    }
}
