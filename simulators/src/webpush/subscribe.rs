//! Making a subscription: by the test, or over HTTP.
//!
//! Sources: RFC 8030 section 4, RFC 8292 section 4.1 and the W3C's Push API (`PushSubscription`).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::refusal::Refusal;
use super::shared::Shared;
use super::subscriptions::Terms;
use super::user_agent::{UserAgent, public_key};

/// Below this path lie the push resources.
pub(super) const PUSH_PATH: &str = "/push/";
/// Below this path lie the subscriptions.
pub(super) const SUBSCRIPTION_PATH: &str = "/subscription/";

/// What a browser hands to the page that subscribes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebPushSubscription {
    /// The URL of the push resource.
    pub endpoint: String,
    /// The user agent's public key: 65 bytes in base64url without padding.
    pub p256dh: String,
    /// The secret that both ends share: 16 bytes in base64url without padding.
    pub auth: String,
}

/// Subscribes with keys of the simulator's.
pub(super) fn with_own_keys(shared: &Shared, vapid_public_key: Option<&str>) -> WebPushSubscription {
    let user_agent = UserAgent::generate();
    let p256dh = URL_SAFE_NO_PAD.encode(&user_agent.public_key);
    let auth = URL_SAFE_NO_PAD.encode(user_agent.auth);
    let user_agent = Some(Arc::new(user_agent));
    WebPushSubscription { endpoint: add(shared, vapid_public_key, user_agent), p256dh, auth }
}

/// Subscribes as a request says: `vapid` restricts to a key; `p256dh` and `auth` are the client's own keys.
pub(super) fn from_request(shared: &Shared, body: &[u8]) -> Result<WebPushSubscription, Refusal> {
    if body.is_empty() {
        return Ok(with_own_keys(shared, None));
    }
    let wish: Value = serde_json::from_slice(body).map_err(|_| Refusal::new(400, "The body is not JSON."))?;
    let text = |name: &str| wish.get(name).and_then(Value::as_str);
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let vapid = text("vapid");
    match (text("p256dh"), text("auth")) {
        (None, None) => Ok(with_own_keys(shared, vapid)),
        (Some(p256dh), Some(auth)) if public_key(&bytes(p256dh)).is_some() && bytes(auth).len() == 16 => {
            let endpoint = add(shared, vapid, None);
            Ok(WebPushSubscription { endpoint, p256dh: p256dh.to_owned(), auth: auth.to_owned() })
        }
        _ => Err(Refusal::new(400, "p256dh and auth are not a point of P-256 and 16 bytes, in base64url.")),
    }
}

fn add(shared: &Shared, vapid_public_key: Option<&str>, user_agent: Option<Arc<UserAgent>>) -> String {
    let vapid_public_key = vapid_public_key.map(|key| key.trim_end_matches('=').to_owned());
    let id = shared.subscriptions.add(Terms { vapid_public_key, user_agent });
    format!("{}{PUSH_PATH}{id}", shared.origin)
}
