//! Why a gateway with these settings would not start, as far as that can be seen without asking anybody: everything that it opens is
//! opened, and nothing is made.

use jiff::Timestamp;
use twostep_front::Certificate;
use twostep_private_file::Privacy;

use super::parts::connect_settings;
use crate::bus;
use crate::providers::mail::Smtp;
use crate::providers::push::{Apns, Fcm};
use crate::providers::webhook::Webhooks;
use crate::settings::{self, Mode, Settings};
use crate::store::Store;

/// All that is wrong, each said with the setting that it is about.
#[must_use]
pub fn problems(settings: &Settings) -> Vec<String> {
    // That others cannot read files with secrets was looked at when the settings were read.
    let privacy = Privacy::Unchecked;
    // In development, looking would make one; that there is none that may be used was said when the settings were read.
    let is_missing = settings.codes.keys_file.as_ref().is_some_and(|file| twostep_private_file::require(file).is_err());
    let has_keys = settings.codes.keys_file.is_some() || settings.codes.keys.is_some();
    let keys = (settings.mode == Mode::Production && has_keys && !is_missing).then(|| settings::code_keys(settings));
    let database =
        settings.database.url.clone().map_or(Ok(()), |url| Store::new(&connect_settings(settings, url)).map(drop));
    let found = [
        said(database),
        said(keys.map_or(Ok(()), |keys| keys.map(drop))),
        said(Fcm::open(&settings.fcm, privacy).map(drop)),
        said(Apns::open(&settings.apns, privacy).map(drop)),
        said(settings::web_push_as_it_is(settings).open(privacy).map(drop)),
        said(Smtp::open(&settings.mail, &settings.smtp).map(drop)),
        said(Webhooks::open(&settings.webhooks).map(drop)),
        said(bus::check(&settings.bus, privacy)),
        said(certificate(settings).map(drop)),
    ];
    found.into_iter().flatten().collect()
}

/// What does not keep a gateway from starting, and from working as it should.
#[must_use]
pub fn cautions(settings: &Settings) -> Vec<String> {
    let ended = match certificate(settings) {
        Ok(Some(end)) if end <= Timestamp::now() => Some(format!(
            "http.tls.certificate_file ended at {end}, and no client takes it: renew it; a running gateway reads it again within 5 s"
        )),
        _ => None,
    };
    let places = settings.places.files.iter().filter_map(|file| crate::geoip::check(file).err());
    ended.into_iter().chain(places.map(|error| format!("places.files: {}", chain(&error)))).collect()
}

/// When the certificate ends, if there is one.
fn certificate(settings: &Settings) -> Result<Option<Timestamp>, twostep_front::CertificateError> {
    let tls = &settings.http.tls;
    let (Some(certificate), Some(key)) = (&tls.certificate_file, &tls.key_file) else { return Ok(None) };
    Certificate::open(certificate, key, Privacy::Unchecked)?.expires_at().map(Some)
}

fn said(result: Result<(), impl std::error::Error>) -> Option<String> {
    result.err().map(|error| chain(&error))
}

/// An error and its causes, without those that only repeat.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |error| error.source()).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}
