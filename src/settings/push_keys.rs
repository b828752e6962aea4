//! The keys by which browsers know the gateway: in a file, or, in development, made on the spot.

use std::io;
use std::path::PathBuf;

use secrecy::ExposeSecret;

use super::{Mode, Settings};
use crate::providers::push::{PushSetupError, WebPushParts, webpush};

/// Name of the file with the key that development makes, in the data directory.
const DEVELOPMENT_KEYS_FILE: &str = "web-push-keys.pem";

/// What Web Push is set up from: it is off in production where `webpush.keys_file` is unset. In development without it a key is made,
/// which is kept in a file of `database.data_dir`, so that a restart knows the browsers that subscribed.
///
/// # Errors
/// [`PushSetupError::File`] when that cannot be written.
pub fn web_push(settings: &Settings) -> Result<WebPushParts<'_>, PushSetupError> {
    let mut parts = web_push_as_it_is(settings);
    if parts.keys_file.is_none() && settings.mode == Mode::Development {
        parts.keys_file = Some(kept(settings)?);
    }
    Ok(parts)
}

/// The same without making anything.
#[must_use]
pub fn web_push_as_it_is(settings: &Settings) -> WebPushParts<'_> {
    WebPushParts {
        settings: &settings.webpush,
        keys_file: settings.webpush.keys_file.clone(),
        contact: contact(settings),
        page: settings.service.page_url.clone(),
    }
}

/// How a push service finds the operator. Apple refuses what is neither a mailbox nor a page.
fn contact(settings: &Settings) -> String {
    let page = settings.service.page_url.as_ref().filter(|url| url.starts_with("https://"));
    let mailbox = || {
        let from = &settings.mail.from;
        let address = from.rsplit_once('<').map_or(from.as_str(), |(_, address)| address.trim_end_matches('>'));
        format!("mailto:{}", address.trim())
    };
    settings.webpush.contact.as_ref().or(page).cloned().unwrap_or_else(mailbox)
}

fn kept(settings: &Settings) -> Result<PathBuf, PushSetupError> {
    let path = settings.database.data_dir.join(DEVELOPMENT_KEYS_FILE);
    let make = || {
        if path.is_file() {
            return Ok(());
        }
        let key = webpush::new_key().map_err(|_| io::Error::other("no random bytes"))?;
        twostep_private_file::create(&path, key.expose_secret())
    };
    match make() {
        Ok(()) => Ok(path),
        Err(source) => Err(PushSetupError::File { key: "webpush.keys_file", path, source }),
    }
}
