//! The files of `web/`, built into the program: the Login Security page, and what our other pages share.

use std::sync::LazyLock;

use actix_web::dev::HttpServiceFactory;
use actix_web::http::header::{ETAG, IF_NONE_MATCH};
use actix_web::middleware::Compress;
use actix_web::web::{self, Bytes, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Route};
use sha2::{Digest, Sha256};

use super::page::hex;
use super::problem::{Problem, ProblemCode};
use super::resource;

/// Nothing but our own files and calls: no inline script or style, no frame, no other host (CSP level 3; `'self'` of
/// `connect-src` covers the WebSocket).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// What no page of ours asks for.
const PERMISSIONS_POLICY: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
/// A file whose address holds the hash of its content never changes (RFC 8246).
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Where the files are.
const ASSETS: &str = "/assets/{version}/{name:.+}";
/// Bytes of the hash in addresses.
const VERSION_BYTES: usize = 8;

struct File {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! files {
    ($($name:literal: $kind:expr),+ $(,)?) => {
        &[ $( File { name: $name, kind: $kind, bytes: include_bytes!(concat!("../../web/", $name)) } ),+ ]
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

const FILES: &[File] = files! {
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "app.js": SCRIPT,
    "api.js": SCRIPT,
    "dom.js": SCRIPT,
    "text.js": SCRIPT,
    "live.js": SCRIPT,
    "sign-in.js": SCRIPT,
    "verify.js": SCRIPT,
    "codes.js": SCRIPT,
    "security.js": SCRIPT,
    "activity.js": SCRIPT,
    "operator.js": SCRIPT,
    "locales/en.ftl": TEXT,
    "locales/hu.ftl": TEXT,
    "locales/de.ftl": TEXT,
};

/// The hash of all files: modules name one another by relative addresses, so they change together.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for file in FILES {
        hash.update(file.name);
        hash.update(file.bytes.len().to_be_bytes());
        hash.update(file.bytes);
    }
    hex(&hash.finalize()[..VERSION_BYTES])
});

static INDEX: LazyLock<String> = LazyLock::new(|| with_addresses(include_str!("../../web/index.html")));
static OPERATOR: LazyLock<String> = LazyLock::new(|| with_addresses(include_str!("../../web/operator.html")));

/// Adds the Login Security page.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(file("/", web::get().to(index))).service(file(ASSETS, web::get().to(asset)));
}

/// Adds the operator's live view.
pub(super) fn operator_routes(config: &mut ServiceConfig) {
    config.service(file("/", web::get().to(operator))).service(file(ASSETS, web::get().to(asset)));
}

/// Something to read at this address, compressed on the wire.
pub(super) fn file(path: &str, get: Route) -> impl HttpServiceFactory + 'static {
    resource(path, "GET").wrap(Compress::default()).route(get)
}

async fn index(request: HttpRequest) -> HttpResponse {
    html(&request, INDEX.as_str())
}

async fn operator(request: HttpRequest) -> HttpResponse {
    html(&request, OPERATOR.as_str())
}

async fn asset(request: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (version, name) = path.into_inner();
    let file = FILES.iter().find(|file| file.name == name && version == *VERSION);
    let file =
        file.ok_or_else(|| Problem::new(ProblemCode::NotFound, "There is no such file. Load the page again."))?;
    Ok(cached(&request, VERSION.as_str(), FOR_EVER, file.kind, Bytes::from_static(file.bytes)))
}

/// The address of a file of `web/`.
pub(super) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// A page of ours. It is asked for anew every time, and sent anew when it changed.
pub(super) fn html(request: &HttpRequest, text: impl Into<Bytes>) -> HttpResponse {
    let text = text.into();
    cached(request, &hex(&Sha256::digest(&text)[..VERSION_BYTES]), "no-cache", "text/html; charset=utf-8", text)
}

fn cached(request: &HttpRequest, tag: &str, cache: &str, kind: &str, body: Bytes) -> HttpResponse {
    // Weak: what is sent may be compressed (RFC 9110 section 8.8.1).
    let tag = format!("W/\"{tag}\"");
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    guard(&mut response).insert_header((ETAG, tag)).insert_header(("Cache-Control", cache));
    if is_known { response.finish() } else { response.content_type(kind).body(body) }
}

/// The headers that keep others out of our pages.
fn guard(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    response
        .insert_header(("Content-Security-Policy", CONTENT_SECURITY_POLICY))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("Permissions-Policy", PERMISSIONS_POLICY))
        .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
}

fn with_addresses(page: &str) -> String {
    page.replace("{assets}", &format!("/assets/{}", *VERSION))
}
