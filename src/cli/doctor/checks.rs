//! The checks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use twostep_front::Certificate;

use super::report::{Complaint, Finding, Report};
use crate::app::{PrivateDatabase, PrivateDatabaseError, StartError};
use crate::bus;
use crate::geoip;
use crate::providers::mail::Smtp;
use crate::providers::push::{CheckError, MisconfiguredReason, PushProviders};
use crate::settings::{self, Settings};
use crate::store::{self, ConnectSettings, Store, StoreError};

/// The oldest PostgreSQL that the statements are written for.
const OLDEST_POSTGRES: u32 = 15;
/// A clock that is further off than this makes provider tokens and codes look too old or too new.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);
/// What renews certificates does so weeks before: a shorter rest means that it does not work.
const ENDS_SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) async fn database(settings: &Settings, report: &mut Report) {
    let Some(url) = &settings.database.url else {
        return private_database(settings, report).await;
    };
    match inspect(url, settings).await {
        Ok(seen) => {
            report.add("database", seen.version());
            report.add("clock", seen.clock());
        }
        Err(error) => {
            let mend = "check TWOSTEP__DATABASE__URL, that the server runs, and that it lets this machine in";
            report.add("database", Err(Complaint::new(cause(&error), mend)));
        }
    }
}

async fn private_database(settings: &Settings, report: &mut Report) {
    match PrivateDatabase::start(&settings.database.data_dir).await {
        Ok(postgres) => match inspect(&postgres.url(), settings).await {
            Ok(seen) => report.add("database", seen.version().map(|version| format!("private {version}"))),
            Err(error) => {
                let mend = format!("look into {}", postgres.log_file().display());
                report.add("database", Err(Complaint::new(cause(&error), mend)));
            }
        },
        Err(PrivateDatabaseError::Start(error @ StartError::InUse { .. })) => {
            report.add("database", Ok(format!("private, {error}")));
        }
        Err(PrivateDatabaseError::Start(error)) => report.add("database", Err(Complaint::new(error, "see above"))),
        Err(error) => report.add("database", Err(Complaint::new(error, "run it again"))),
    }
}

/// What was seen of a database.
struct Seen {
    number: u32,
    version: String,
    skew: Duration,
}

impl Seen {
    fn version(&self) -> Finding {
        if self.number / 10_000 >= OLDEST_POSTGRES {
            return Ok(format!("PostgreSQL {}", self.version));
        }
        let mend = format!("upgrade it to {OLDEST_POSTGRES} or newer");
        Err(Complaint::new(format!("PostgreSQL {} is too old", self.version), mend))
    }

    fn clock(&self) -> Finding {
        let skew = format!("{} ms from the database's", self.skew.as_millis());
        if self.skew <= CLOCK_TOLERANCE {
            Ok(skew)
        } else {
            Err(Complaint::new(skew, "let both machines keep time by NTP"))
        }
    }
}

async fn inspect(url: &SecretString, settings: &Settings) -> Result<Seen, StoreError> {
    let store = Store::new(&ConnectSettings {
        url: url.clone(),
        ca_file: settings.database.ca_file.clone(),
        pool_size: 2,
        threads: 0,
        wait: Duration::from_millis(settings.database.wait_ms),
        deadline: Duration::from_millis(settings.database.deadline_ms),
    })?;
    let before = Timestamp::now();
    let server = store.run(async |db| store::postgres::server::describe(db).await).await?;
    let after = Timestamp::now();
    // The database read its clock somewhere between the two.
    let early = Duration::try_from(before.duration_since(server.now)).unwrap_or_default();
    let late = Duration::try_from(server.now.duration_since(after)).unwrap_or_default();
    Ok(Seen { number: server.version_number, version: server.version, skew: early.max(late) })
}

fn cause(error: &StoreError) -> String {
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

pub(super) fn code_keys(settings: &Settings) -> Finding {
    match settings::code_keys(settings) {
        Ok(source) => Ok(format!("the current one is {}", source.keys.current())),
        Err(error) => Err(Complaint::new(error, "correct it, or make a key: twostep code-keys add --file PATH")),
    }
}

pub(super) async fn push(settings: &Settings, report: &mut Report) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let opened = settings::web_push(settings)
        .and_then(|webpush| PushProviders::open(&settings.fcm, &settings.apns, webpush, settings.mode.privacy()));
    let providers = match opened {
        Ok(providers) => providers,
        Err(error) => {
            return report.add("push", Err(Complaint::new(error, "correct the setting or the file that it names")));
        }
    };
    match &providers.fcm {
        None => report.off("fcm", "fcm.service_account_file is unset"),
        Some(fcm) => report.add("fcm", checked(fcm.check(Timestamp::now()).await, "an access token was issued")),
    }
    match &providers.apns {
        None => report.off("apns", "apns.signing_key_file is unset"),
        Some(apns) => {
            let word = "it knows the key, the team and the topic";
            report.add("apns", checked(apns.check(Timestamp::now()).await, word));
        }
    }
    match &providers.webpush {
        None => report.off("webpush", "webpush.keys_file is unset"),
        Some(webpush) => report.add("webpush", checked(webpush.check(Timestamp::now()).await, "its key signs")),
    }
}

fn checked(result: Result<(), CheckError>, word: &str) -> Finding {
    result.map(|()| word.to_owned()).map_err(|error| {
        let mend = mend(&error);
        Complaint::new(error, mend)
    })
}

fn mend(error: &CheckError) -> &'static str {
    match error {
        CheckError::Unreachable(_) => {
            "check base_url, trust_root_file, and that this machine may connect there, or name a proxy that may (HTTPS_PROXY)"
        }
        CheckError::Unexpected(_) => "check that base_url is the provider's, with nothing in between",
        CheckError::Misconfigured(reason) => match reason {
            MisconfiguredReason::SenderIdMismatch => "use the service account of the app's own Firebase project",
            MisconfiguredReason::PermissionDenied => {
                "give the service account the role for Firebase Cloud Messaging, and enable its API"
            }
            MisconfiguredReason::WrongProjectOrUrl => "check fcm.project_id and base_url",
            MisconfiguredReason::ThirdPartyAuth => {
                "upload a valid APNs key or web push certificate to the Firebase project"
            }
            MisconfiguredReason::AccessTokenRefused | MisconfiguredReason::ServiceAccountRefused => {
                "download a new key of the service account; the old one was revoked, or this machine's clock is off"
            }
            MisconfiguredReason::NoSubjectToken => {
                "let the gateway read what credential_source of fcm.service_account_file names: it must hold a token"
            }
            MisconfiguredReason::SigningFailed => "use the .p8 or JSON file as it was downloaded",
            MisconfiguredReason::TopicRefused => "set apns.topic to the app's bundle id",
            MisconfiguredReason::EnvironmentMismatch => "use a key that is good for both environments",
            MisconfiguredReason::ProviderTokenRefused => {
                "check apns.key_id and apns.team_id, and that the key was not revoked"
            }
            MisconfiguredReason::ProviderTokenUpdatedTooOften => {
                "something else signs with the same key: give this gateway one of its own, and wait 20 minutes"
            }
            MisconfiguredReason::TooManyDeadTokens => "check that the key and the environment are those of the app",
        },
    }
}

/// Everything up to the point where a mail would follow.
pub(super) async fn mail(settings: &Settings, report: &mut Report) {
    let smtp = match Smtp::open(&settings.mail, &settings.smtp) {
        Ok(Some(smtp)) => smtp,
        Ok(None) => return report.off("mail", "smtp.host is unset; mail goes to the outbox at /dev/outbox"),
        Err(error) => {
            return report.add("mail", Err(Complaint::new(error, "correct the setting or the file that it names")));
        }
    };
    let checked = smtp.check().await.map(|()| "the server takes mail from this gateway".to_owned());
    report.add("mail", checked.map_err(|error| Complaint::new(&error, error.mend())));
}

/// Logs in as a node does, and has something come back.
pub(super) async fn bus(settings: &Settings) -> Finding {
    if settings.bus.url.is_none() {
        return Ok("none: this node runs alone".to_owned());
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let probed = bus::probe(&settings.bus, settings.mode.privacy()).await;
    let well = || "the server lets this node in, and what it says comes back".to_owned();
    probed.map(|()| well()).map_err(|error| {
        let mend = error.mend();
        Complaint::new(error, mend)
    })
}

pub(super) fn places(settings: &Settings, report: &mut Report) {
    if settings.places.files.is_empty() {
        return report.off("places", "places.files is empty; login activity shows no places");
    }
    for file in &settings.places.files {
        let mend = "fetch it again, or take it out of places.files";
        report.add("places", geoip::check(file).map_err(|error| Complaint::new(error, mend)));
    }
}

/// The files belong together, and the certificate has not ended and does not soon.
pub(super) fn certificate(settings: &Settings, report: &mut Report) {
    let tls = &settings.http.tls;
    let (Some(certificate_file), Some(key_file)) = (&tls.certificate_file, &tls.key_file) else {
        return report.off("certificate", "http.tls is unset; put TLS in front of the gateway");
    };
    let opened = Certificate::open(certificate_file, key_file, settings.mode.privacy());
    let ends = opened.and_then(|certificate| certificate.expires_at());
    let finding = match ends {
        Ok(end) => valid_until(end, Timestamp::now()),
        Err(error) => Err(Complaint::new(error, "correct the setting or the file that it names")),
    };
    report.add("certificate", finding);
}

fn valid_until(end: Timestamp, now: Timestamp) -> Finding {
    let mend = "renew it; the gateway reads replaced files again within 5 s";
    if end <= now {
        return Err(Complaint::new(format!("it ended at {end}"), mend));
    }
    if end.duration_since(now) < ENDS_SOON {
        return Err(Complaint::new(format!("it ends soon, at {end}"), mend));
    }
    Ok(format!("good until {end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_ends_soon_is_complained_about() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        let found = |days: i64| valid_until(now + SignedDuration::from_hours(24 * days), now);
        assert!(found(30).is_ok());
        assert!(found(6).is_err_and(|complaint| complaint.what.starts_with("it ends soon")));
        assert!(found(-1).is_err_and(|complaint| complaint.what.starts_with("it ended")));
    }
}
