//! The settings of each section. `config/default.toml` documents every key.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use jiff::SignedDuration;
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use tracing_subscriber::EnvFilter;
use twostep_private_file::Privacy;

use super::SettingsError;
use super::http::HttpSettings;
use super::range::within;
use crate::bus::BusSettings;
use crate::domain::account::last_resort::{DEFAULT_WAIT_HOURS, WAIT_HOURS};
use crate::domain::account::service::Service;
use crate::domain::account::two_step_policy::{MOST_GRACE_DAYS, TwoStepPolicy};
use crate::domain::app_server::assertion::AssertionHeader;
use crate::domain::code::{MAX_DIGITS, MIN_DIGITS};
pub use crate::domain::delivery::EmailFallback;
use crate::domain::value::short_text::is_clean;
use crate::providers::mail::{MailSettings, SmtpSettings};
use crate::providers::push::{ApnsSettings, FcmSettings, WebPushSettings};
use crate::providers::webhook::WebhookSettings;
use crate::telemetry::LogFormat;
use crate::telemetry::traces::TraceSettings;

/// Longest name of a service, in characters: it stands in subjects.
const SERVICE_NAME_CHARS: usize = 60;
/// Longest text that says where help is.
const SUPPORT_CHARS: usize = 200;

/// Every setting.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Development or production.
    pub mode: Mode,
    /// The public side.
    pub http: HttpSettings,
    /// Requests a minute.
    pub limits: LimitsSettings,
    /// The operator's side.
    pub operator: OperatorSettings,
    /// Health and metrics for probes, balancers and Prometheus.
    pub probe: ProbeSettings,
    /// PostgreSQL.
    pub database: DatabaseSettings,
    /// Between nodes.
    pub bus: BusSettings,
    /// Codes.
    pub codes: CodeSettings,
    /// Accounts.
    pub accounts: AccountSettings,
    /// To whom two-step verification is offered.
    pub rollout: RolloutSettings,
    /// Sessions.
    pub sessions: SessionSettings,
    /// Password hashing.
    pub passwords: PasswordSettings,
    /// WebSockets.
    pub connections: ConnectionSettings,
    /// Deliveries.
    pub delivery: DeliverySettings,
    /// Firebase Cloud Messaging.
    pub fcm: FcmSettings,
    /// Apple Push Notification service.
    pub apns: ApnsSettings,
    /// Web Push.
    pub webpush: WebPushSettings,
    /// For whom mails speak.
    pub service: ServiceSettings,
    /// Mail.
    pub mail: MailSettings,
    /// The mail server.
    pub smtp: SmtpSettings,
    /// What apps' servers are told of verifications that succeeded.
    pub assertions: AssertionSettings,
    /// Where apps' servers are told how verifications ended.
    pub webhooks: WebhookSettings,
    /// Where IP addresses seem to be.
    pub places: PlacesSettings,
    /// Login activity.
    pub login_activity: LoginActivitySettings,
    /// Stopping.
    pub shutdown: ShutdownSettings,
    /// Logs.
    pub log: LogSettings,
    /// Traces.
    pub traces: TraceSettings,
}

/// Who makes accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Whoever comes.
    Open,
    /// Nobody: apps' servers bring users.
    Closed,
}

/// What a node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// With conveniences that would be holes in production.
    Development,
    /// Without.
    Production,
}

impl Mode {
    /// Whether files with secrets must be nobody else's business.
    #[must_use]
    pub fn privacy(self) -> Privacy {
        match self {
            Self::Development => Privacy::Unchecked,
            Self::Production => Privacy::Required,
        }
    }
}

/// Declares the settings of a section: public fields, no unknown keys.
macro_rules! section {
    ($(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty ),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $( $(#[$field_meta])* pub $field: $type ),+ }
    };
}

section! {
    /// Requests a minute, in development this machine excepted.
    LimitsSettings {
        /// Sign-ins from one network.
        sign_in_per_minute: NonZeroU32,
        /// New accounts from one network.
        accounts_per_minute: NonZeroU32,
        /// Calls from one network without a good token.
        strangers_per_minute: NonZeroU32,
        /// Times that one session is refreshed.
        refresh_per_minute: NonZeroU32,
        /// Tickets and connections of one session.
        connect_per_minute: NonZeroU32,
        /// Other calls with one good token.
        calls_per_minute: NonZeroU32,
        /// Changes by one trusted device, or by all other sessions of one account.
        writes_per_minute: NonZeroU32,
    }
}
section! {
    /// For whom mails speak.
    ServiceSettings {
        /// What the service is called.
        name: String,
        /// The address of the Login Security page.
        #[serde(default)] page_url: Option<String>,
        /// Where people find help.
        #[serde(default)] support: Option<String>,
        /// Whom to tell of a weakness.
        #[serde(default)] security_contact: Option<String>,
    }
}
section! {
    /// The operator's side.
    OperatorSettings {
        /// Where it listens.
        address: SocketAddr,
        /// Names that it may be called by, besides addresses and `localhost`.
        hosts: Vec<String>,
        /// The file with the token that `/admin` asks for.
        #[serde(default)] token_file: Option<PathBuf>,
    }
}
section! {
    /// Health and metrics for probes, balancers and Prometheus.
    ProbeSettings {
        /// Where they are served besides the operator's address; unset: nowhere else.
        #[serde(default)] address: Option<SocketAddr>,
    }
}
section! {
    /// PostgreSQL.
    DatabaseSettings {
        /// Where it is; unset: a private one is started.
        #[serde(default, serialize_with = "hidden")] url: Option<SecretString>,
        /// The authorities that vouch for its certificate; unset: the system's, or what `url` says.
        #[serde(default)] ca_file: Option<PathBuf>,
        /// Where the private one keeps its data.
        data_dir: PathBuf,
        /// Connections at most.
        pool_size: usize,
        /// Longest wait for a connection.
        wait_ms: u64,
        /// Longest time of one use case in the database.
        deadline_ms: u64,
    }
}
section! {
    /// Codes.
    CodeSettings {
        /// Digits.
        digits: u8,
        /// Life of a sign-in code on trusted devices.
        app_lifetime_seconds: u32,
        /// Life of a sign-in code by email.
        email_lifetime_seconds: u32,
        /// Life of a code that confirms an address.
        confirmation_lifetime_seconds: u32,
        /// Keys that codes are derived with.
        #[serde(default, serialize_with = "hidden")] keys: Option<SecretString>,
        /// A file with these keys, followed while the gateway runs.
        #[serde(default)] keys_file: Option<PathBuf>,
    }
}
section! {
    /// Accounts that the gateway keeps.
    AccountSettings {
        /// Who makes them.
        registration: Registration,
        /// Who decides whether two-step verification is on.
        two_step: TwoStepPolicy,
        /// Days that an account has to turn it on where it must.
        two_step_grace_days: u16,
        /// How long whoever asks for the last resort waits; 0: there is none; unset: 72 in development, none in production.
        #[serde(default)] last_resort_hours: Option<u16>,
    }
}
section! {
    /// To whom two-step verification is offered: how it stops itself. How far it came is in the database.
    RolloutSettings {
        /// It stops itself.
        holds: bool,
        /// How many times as often something must go wrong in the newest batch.
        hold_ratio: f64,
    }
}
section! {
    /// Sessions.
    SessionSettings {
        /// Life of an access token.
        access_token_seconds: u32,
        /// Life of a refresh token that nobody uses.
        refresh_token_seconds: u32,
        /// Life of a session, however often it is refreshed.
        longest_seconds: u32,
    }
}
section! {
    /// Password hashing.
    PasswordSettings {
        /// Memory.
        memory_kib: u32,
        /// Passes.
        iterations: u32,
        /// At the same time; 0: one a core.
        parallel: usize,
        /// How many may wait.
        queue: usize,
    }
}
section! {
    /// WebSockets.
    ConnectionSettings {
        /// Time between two pings.
        heartbeat_seconds: u32,
        /// Longest time until a pong.
        pong_timeout_seconds: u32,
    }
}
section! {
    /// Deliveries.
    DeliverySettings {
        /// May a sign-in code go by email?
        email_fallback: EmailFallback,
        /// How long no trusted device must have been reachable before `recovery_only` offers email.
        recovery_after_seconds: u32,
        /// How long a changed mailbox gets no codes that a trusted device may show.
        new_mailbox_wait_seconds: u32,
        /// How long a device may take to say that it shows a code.
        receipt_window_ms: u64,
        /// What a notification carries.
        push_content: PushContentSetting,
        /// Sleeping devices are asked once a week whether a push reaches them.
        reach_drill: bool,
        /// How often overdue deliveries are looked for.
        sweep_period_ms: u64,
    }
}
section! {
    /// Where IP addresses seem to be.
    PlacesSettings {
        /// MaxMind DB files, looked into in order.
        files: Vec<PathBuf>,
    }
}
section! {
    /// Login activity.
    LoginActivitySettings {
        /// Whole months to keep.
        keep_months: u16,
        /// Days after which IP addresses are shortened.
        shorten_ip_days: u16,
    }
}
section! {
    /// Assertions.
    AssertionSettings {
        /// Who makes them; unset: the address that the gateway listens at.
        #[serde(default)] issuer: Option<String>,
        /// Life.
        lifetime_seconds: u32,
        /// How their header is written.
        algorithm: AssertionHeader,
    }
}
section! {
    /// Stopping.
    ShutdownSettings {
        /// Devices come back spread over this time.
        reconnect_spread_ms: u64,
    }
}
section! {
    /// Logs.
    LogSettings {
        /// For people or machines.
        format: LogFormat,
        /// The filter as it was given.
        filter: String,
    }
}

impl AccountSettings {
    /// How long whoever asks for the last resort waits; `None` where there is none.
    #[must_use]
    pub fn last_resort_wait(&self, mode: Mode) -> Option<SignedDuration> {
        let hours = self.last_resort_hours.unwrap_or(match mode {
            Mode::Development => DEFAULT_WAIT_HOURS,
            Mode::Production => 0,
        });
        (hours > 0).then(|| SignedDuration::from_hours(hours.into()))
    }

    fn check_last_resort(&self) -> Result<(), SettingsError> {
        match self.last_resort_hours {
            None | Some(0) => Ok(()),
            Some(hours) => within("accounts.last_resort_hours", hours, WAIT_HOURS),
        }
    }
}

/// What a notification carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PushContentSetting {
    /// The code itself, readable on the lock screen if its user lets it.
    Code,
    /// Only that there is one; the app fetches it.
    Wake,
}

fn hidden<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => serializer.serialize_str("hidden"),
        None => serializer.serialize_none(),
    }
}

impl Settings {
    /// Checks every value, and that production has no convenience of development.
    ///
    /// # Errors
    /// [`SettingsError`] names the first key that is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.mistakes().into_iter().next().map_or(Ok(()), Err)
    }

    /// Checks every value, and says all that is wrong.
    pub(super) fn mistakes(&self) -> Vec<SettingsError> {
        let mut mistakes = self.mistakes_of_values();
        mistakes.extend(self.smtp.check().err().map(SettingsError::from));
        mistakes.extend(self.mistakes_of_mode());
        mistakes
    }

    /// Whatever the mode.
    pub(super) fn mistakes_of_values(&self) -> Vec<SettingsError> {
        let limits = &self.limits;
        let checked = [
            within("limits.sign_in_per_minute", limits.sign_in_per_minute.get(), 1..=100_000),
            within("limits.accounts_per_minute", limits.accounts_per_minute.get(), 1..=100_000),
            within("limits.strangers_per_minute", limits.strangers_per_minute.get(), 1..=100_000),
            within("limits.writes_per_minute", limits.writes_per_minute.get(), 1..=100_000),
            within("limits.refresh_per_minute", limits.refresh_per_minute.get(), 1..=100_000),
            within("limits.calls_per_minute", limits.calls_per_minute.get(), 1..=100_000),
            within("limits.connect_per_minute", limits.connect_per_minute.get(), 1..=100_000),
            self.operator.check(),
            within("database.pool_size", self.database.pool_size, 2..=500),
            within("database.wait_ms", self.database.wait_ms, 100..=30_000),
            within("database.deadline_ms", self.database.deadline_ms, 500..=60_000),
            within("codes.digits", self.codes.digits, MIN_DIGITS..=MAX_DIGITS),
            within("codes.app_lifetime_seconds", self.codes.app_lifetime_seconds, 60..=600),
            within("codes.email_lifetime_seconds", self.codes.email_lifetime_seconds, 60..=600),
            within("codes.confirmation_lifetime_seconds", self.codes.confirmation_lifetime_seconds, 600..=86_400),
            within("rollout.hold_ratio", self.rollout.hold_ratio, 1.1..=10.0),
            within("sessions.access_token_seconds", self.sessions.access_token_seconds, 60..=86_400),
            within("sessions.refresh_token_seconds", self.sessions.refresh_token_seconds, 3600..=31_536_000),
            within("sessions.longest_seconds", self.sessions.longest_seconds, 3600..=31_536_000),
            within("passwords.memory_kib", self.passwords.memory_kib, 8192..=1_048_576),
            within("passwords.iterations", self.passwords.iterations, 1..=20),
            within("passwords.parallel", self.passwords.parallel, 0..=256),
            within("passwords.queue", self.passwords.queue, 0..=100_000),
            within("connections.heartbeat_seconds", self.connections.heartbeat_seconds, 5..=120),
            within("connections.pong_timeout_seconds", self.connections.pong_timeout_seconds, 1..=60),
            self.accounts.check_last_resort(),
            within("accounts.two_step_grace_days", self.accounts.two_step_grace_days, 0..=MOST_GRACE_DAYS),
            within("delivery.recovery_after_seconds", self.delivery.recovery_after_seconds, 0..=86_400),
            within("delivery.new_mailbox_wait_seconds", self.delivery.new_mailbox_wait_seconds, 0..=604_800),
            within("delivery.receipt_window_ms", self.delivery.receipt_window_ms, 100..=30_000),
            within("delivery.sweep_period_ms", self.delivery.sweep_period_ms, 100..=10_000),
            self.service.check(),
            self.mail.sender().map(drop).map_err(SettingsError::from),
            self.bus.check().map(drop).map_err(SettingsError::from),
            within("assertions.lifetime_seconds", self.assertions.lifetime_seconds, 30..=600),
            self.webhooks.check().map(drop).map_err(SettingsError::from),
            self.traces.check().map(drop).map_err(SettingsError::from),
            within("login_activity.keep_months", self.login_activity.keep_months, 1..=120),
            within("login_activity.shorten_ip_days", self.login_activity.shorten_ip_days, 1..=3650),
            within("shutdown.reconnect_spread_ms", self.shutdown.reconnect_spread_ms, 0..=600_000),
            self.log.check(),
            self.check_addresses(),
        ];
        let mut mistakes = self.http.mistakes();
        mistakes.extend(checked.into_iter().filter_map(Result::err));
        mistakes
    }

    /// Sides that listen at one address: the second one would not start.
    fn check_addresses(&self) -> Result<(), SettingsError> {
        let mut sides = vec![("http.address", self.http.address), ("operator.address", self.operator.address)];
        sides.extend(self.probe.address.map(|address| ("probe.address", address)));
        let meet = |one: SocketAddr, other: SocketAddr| {
            let is_any = one.ip().is_unspecified() || other.ip().is_unspecified();
            one.port() == other.port() && one.port() != 0 && (one.ip() == other.ip() || is_any)
        };
        for (nth, (key, address)) in sides.iter().enumerate() {
            if let Some((other, _)) = sides[..nth].iter().find(|(_, other)| meet(*address, *other)) {
                return Err(SettingsError::Mistake(format!(
                    "{key} is {address}, where {other} is already: give it a port of its own"
                )));
            }
        }
        Ok(())
    }
}

impl LogSettings {
    fn check(&self) -> Result<(), SettingsError> {
        let parsed = EnvFilter::builder().parse(&self.filter);
        parsed.map(drop).map_err(|error| SettingsError::OutOfRange {
            key: "log.filter",
            value: format!("{:?}", self.filter),
            expected: format!("a level, or levels by module, such as \"info\" or \"warn,twostep=debug\" ({error})"),
        })
    }
}

impl OperatorSettings {
    /// Names are compared with what a `Host` header names, without its port.
    fn check(&self) -> Result<(), SettingsError> {
        let is_name = |name: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            (1..=253).contains(&name.len()) && name.bytes().all(is_plain)
        };
        let Some(unfit) = self.hosts.iter().find(|name| !is_name(name)) else { return Ok(()) };
        let expected = "names such as \"gateway.internal\", without scheme, port or path".to_owned();
        Err(SettingsError::OutOfRange { key: "operator.hosts", value: format!("{unfit:?}"), expected })
    }
}

/// Whether a text is a URI that people can be reached by.
fn is_contact(text: &str) -> bool {
    let is_uri = text.starts_with("mailto:") || text.starts_with("https://");
    is_uri && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl ServiceSettings {
    /// For whom mails speak.
    #[must_use]
    pub fn service(&self) -> Service {
        Service { name: self.name.clone(), page_url: self.page_url.clone(), support: self.support.clone() }
    }

    fn check(&self) -> Result<(), SettingsError> {
        let refused = |key, value: &str, expected: &str| {
            Err(SettingsError::OutOfRange { key, value: format!("{value:?}"), expected: expected.to_owned() })
        };
        if !is_clean(&self.name, SERVICE_NAME_CHARS) {
            return refused("service.name", &self.name, "a line of 1 to 60 characters");
        }
        if let Some(support) = self.support.as_ref().filter(|support| !is_clean(support, SUPPORT_CHARS)) {
            return refused("service.support", support, "a line of 1 to 200 characters");
        }
        let is_page = |url: &str| {
            let uri = url.parse::<::http::Uri>();
            uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some())
        };
        if let Some(contact) = self.security_contact.as_ref().filter(|contact| !is_contact(contact)) {
            return refused(
                "service.security_contact",
                contact,
                "mailto:security@example.com, or the https URL of a page",
            );
        }
        match &self.page_url {
            Some(url) if !is_page(url) => {
                refused("service.page_url", url, "the address of a page, such as https://id.example.com/")
            }
            _ => Ok(()),
        }
    }
}
