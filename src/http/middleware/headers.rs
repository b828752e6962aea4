//! Headers that every answer carries, unless it says otherwise itself: nothing of an answer is kept, run, framed or guessed at.

use actix_web::body::MessageBody;
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::http::Api;
use crate::websocket::OwnAddress;

/// For answers that are no pages: a browser that shows one all the same loads and runs nothing (OWASP ASVS 5.0 sections 3.2.1
/// and 3.4.3 to 3.4.6), and keeps nothing (section 14.3.2).
const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (HeaderName::from_static("cache-control"), HeaderValue::from_static("no-store")),
    (
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(
            "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
];

/// A year, the subdomains too (OWASP ASVS 5.0 section 3.4.1; RFC 6797 section 6.1).
const ONLY_SECURE: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// What proxies that end the TLS say the scheme in.
const FORWARDED_SCHEME: &str = "x-forwarded-proto";

/// Adds them.
///
/// # Errors
/// Those of what it wraps.
pub(in crate::http) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let is_secure = request.app_data::<Data<Api>>().is_some_and(|api| is_secure(request.head(), api));
    let mut answer = next.call(request).await?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(answer);
    }
    let headers = answer.headers_mut();
    for (name, value) in &ALWAYS {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    if is_secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, ONLY_SECURE);
    }
    Ok(answer)
}

/// Whether the client's line is secure. That a proxy says so is believed of anybody: who makes it up tells only themselves.
fn is_secure(request: &RequestHead, api: &Api) -> bool {
    api.speaks_tls || request.headers().get(FORWARDED_SCHEME).is_some_and(|scheme| scheme == "https")
}

/// Where a request was sent to, as far as is known here.
pub(in crate::http) fn own_address<'a>(request: &'a RequestHead, api: &Api) -> OwnAddress<'a> {
    let named = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 names it in its address.
    let host = named.or_else(|| request.uri.authority().map(actix_web::http::uri::Authority::as_str));
    OwnAddress { host, is_secure: is_secure(request, api) }
}
