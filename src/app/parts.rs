//! The parts that the settings ask for.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;

use super::{AppError, PrivateDatabase};
use crate::bus::Bus;
use crate::domain::challenge::Lifetimes;
use crate::domain::code::CodeKeys;
use crate::domain::value::id::NodeId;
use crate::providers::mail::{MailSetupError, Mailer, Outbox, Smtp};
use crate::providers::push::{PushProviders, PushSetupError};
use crate::service::{AssertionRules, Core, PasswordCost, Passwords, Rules};
use crate::settings::{self, Mode, Settings};
use crate::store::session::TokenLifetimes;
use crate::store::{ConnectSettings, Store};
use crate::websocket::ConnectionSettings;

/// The configured database, or a private one.
pub(super) async fn open_database(settings: &Settings) -> Result<(Option<PrivateDatabase>, Store), AppError> {
    let (private, url) = match &settings.database.url {
        Some(url) => (None, url.clone()),
        None => {
            let private = PrivateDatabase::start(&settings.database.data_dir).await?;
            let url = private.url();
            (Some(private), url)
        }
    };
    let store = Store::new(&connect_settings(settings, url))?;
    Ok((private, store))
}

pub(super) fn connect_settings(settings: &Settings, url: SecretString) -> ConnectSettings {
    ConnectSettings {
        threads: workers(settings),
        url,
        ca_file: settings.database.ca_file.clone(),
        pool_size: settings.database.pool_size,
        wait: Duration::from_millis(settings.database.wait_ms),
        deadline: Duration::from_millis(settings.database.deadline_ms),
    }
}

/// The way out for mail, and the outbox to show, if that is the way.
pub(super) type WayOut = (Arc<dyn Mailer>, Option<Arc<Outbox>>);

/// The mail server, or in development without one the outbox.
pub(super) fn mailer(settings: &Settings) -> Result<WayOut, MailSetupError> {
    if let Some(smtp) = Smtp::open(&settings.mail, &settings.smtp)? {
        return Ok((Arc::new(smtp), None));
    }
    let outbox = Arc::new(Outbox::new(settings.mail.from.clone()));
    let mailer: Arc<dyn Mailer> = Arc::<Outbox>::clone(&outbox);
    Ok((mailer, (settings.mode == Mode::Development).then_some(outbox)))
}

/// The push providers.
pub(super) fn push_providers(settings: &Settings) -> Result<PushProviders, PushSetupError> {
    let webpush = settings::web_push(settings)?;
    PushProviders::open(&settings.fcm, &settings.apns, webpush, settings.mode.privacy())
}

pub(super) fn core(
    settings: &Settings,
    node: NodeId,
    store: Store,
    code_keys: Arc<CodeKeys>,
    bus: Bus,
) -> Result<Core, AppError> {
    let cost = PasswordCost {
        memory_kib: settings.passwords.memory_kib,
        iterations: settings.passwords.iterations,
        parallel: if settings.passwords.parallel == 0 { cores() } else { settings.passwords.parallel },
        queue: settings.passwords.queue,
    };
    let passwords = Passwords::new(cost).map_err(AppError::Passwords)?;
    let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
    let rules = Rules {
        digits: settings.codes.digits,
        lifetimes: Lifetimes {
            app: seconds(settings.codes.app_lifetime_seconds),
            email: seconds(settings.codes.email_lifetime_seconds),
            confirmation: seconds(settings.codes.confirmation_lifetime_seconds),
        },
        tokens: TokenLifetimes {
            access: seconds(settings.sessions.access_token_seconds),
            refresh: seconds(settings.sessions.refresh_token_seconds),
            session: seconds(settings.sessions.longest_seconds),
        },
        email_fallback: settings.delivery.email_fallback,
        recovery_after: seconds(settings.delivery.recovery_after_seconds),
        new_mailbox_wait: seconds(settings.delivery.new_mailbox_wait_seconds),
        two_step: settings.accounts.two_step,
        two_step_grace: SignedDuration::from_hours(24 * i64::from(settings.accounts.two_step_grace_days)),
        last_resort_wait: settings.accounts.last_resort_wait(settings.mode),
        mail_sender: settings.mail.sender()?,
        assertions: AssertionRules {
            issuer: issuer(settings),
            lifetime: seconds(settings.assertions.lifetime_seconds),
            header: settings.assertions.algorithm,
        },
        service_name: settings.service.name.clone(),
        page: settings.service.page_url.clone().unwrap_or_else(|| format!("{}/", issuer(settings))),
        webhooks: settings.webhooks.url.is_some(),
    };
    Ok(Core::new(node, store, code_keys, passwords, rules, bus))
}

/// Who makes assertions.
pub(super) fn issuer(settings: &Settings) -> String {
    let scheme = if settings.http.tls.is_on() { "https" } else { "http" };
    settings.assertions.issuer.clone().unwrap_or_else(|| format!("{scheme}://{}", settings.http.address))
}

pub(super) fn connection_settings(settings: &Settings) -> ConnectionSettings {
    ConnectionSettings {
        heartbeat: Duration::from_secs(settings.connections.heartbeat_seconds.into()),
        pong_timeout: Duration::from_secs(settings.connections.pong_timeout_seconds.into()),
    }
}

/// Threads that serve the public side.
pub(super) fn workers(settings: &Settings) -> usize {
    if settings.http.workers == 0 { cores() } else { settings.http.workers }
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
