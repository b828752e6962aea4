//! The files of `web/`, and those of the client library that they use, built into the program: the Login Security page, and what
//! our other pages share.

use std::sync::LazyLock;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::problem::{Problem, ProblemCode};
use crate::http::site::static_response::{Fixed, tag};
use crate::http::{Api, resource};

/// Nothing but our own files and calls: no inline script or style, no frame, no other host (CSP level 3; `'self'` of
/// `connect-src` covers the WebSocket).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    worker-src 'self'; manifest-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// What no page of ours asks for.
const PERMISSIONS_POLICY: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
/// A file whose address holds the hash of its content never changes (RFC 8246).
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Where the files are.
const ASSET: &str = "/assets/{version}/{name:.+}";
const INDEX_HTML: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/index.html"));
const WORKER: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sdk/js/src/worker.js"));
const PAGE_WORKER: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/sw.js"));
const MANIFEST: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/manifest.webmanifest"));

struct File {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! files {
    ($($name:literal $(at $path:literal)?: $kind:expr),+ $(,)?) => {
        &[ $( File { name: $name, kind: $kind, bytes: include_bytes!(files!(@path $name $($path)?)) } ),+ ]
    };
    (@path $name:literal) => { concat!(env!("CARGO_MANIFEST_DIR"), "/web/", $name) };
    (@path $name:literal $path:literal) => { concat!(env!("CARGO_MANIFEST_DIR"), "/", $path) };
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const PNG: &str = "image/png";

const FILES: &[File] = files! {
    "style.css": "text/css; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "operator.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "icon-192.png": PNG,
    "icon-512.png": PNG,
    "icon-maskable.png": PNG,
    "icon-touch.png": PNG,
    "badge.png": PNG,
    "app.js": SCRIPT,
    "api.js": SCRIPT,
    "dom.js": SCRIPT,
    "text.js": SCRIPT,
    "live.js": SCRIPT,
    "sdk/connection.js" at "sdk/js/src/connection.js": SCRIPT,
    "sdk/code.js" at "sdk/js/src/code.js": SCRIPT,
    "sdk/events.js" at "sdk/js/src/events.js": SCRIPT,
    "sdk/push.js" at "sdk/js/src/push.js": SCRIPT,
    "sdk/repeat.js" at "sdk/js/src/repeat.js": SCRIPT,
    "sign-in.js": SCRIPT,
    "reset.js": SCRIPT,
    "verify.js": SCRIPT,
    "codes.js": SCRIPT,
    "push.js": SCRIPT,
    "security.js": SCRIPT,
    "ways.js": SCRIPT,
    "activity.js": SCRIPT,
    "operator.js": SCRIPT,
    "email.js": SCRIPT,
    "last-resort.js": SCRIPT,
    "authenticator.js": SCRIPT,
    "docs.js": SCRIPT,
    "locales/en.ftl": TEXT,
    "locales/hu.ftl": TEXT,
    "locales/de.ftl": TEXT,
};

/// The hash of all files: modules name one another by relative addresses, so they change together.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut all = Vec::new();
    for file in FILES {
        all.extend_from_slice(file.name.as_bytes());
        all.extend_from_slice(&file.bytes.len().to_be_bytes());
        all.extend_from_slice(file.bytes);
    }
    tag(&all)
});

static ASSETS: LazyLock<Vec<(&str, Fixed)>> = LazyLock::new(|| {
    let fixed = |file: &File| Fixed::new(file.kind, FOR_EVER, Bytes::from_static(file.bytes));
    FILES.iter().map(|file| (file.name, fixed(file))).collect()
});
static INDEX: LazyLock<Fixed> = LazyLock::new(|| page(with_addresses(INDEX_HTML)));
/// The same where nobody makes an account: the page leaves out what would ask for one.
static INDEX_CLOSED: LazyLock<Fixed> =
    LazyLock::new(|| page(with_addresses(&INDEX_HTML.replace("<body>", "<body data-registration=\"closed\">"))));
static OPERATOR: LazyLock<Fixed> =
    LazyLock::new(|| page(with_addresses(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/operator.html")))));

/// What the client library does with pushes and what the page does, as one classic script: not every browser takes a module
/// for a service worker, and each file that it imports is another that may be out of date. A worker serves what lies below its
/// own address: the page.
static SERVICE_WORKER: LazyLock<Fixed> = LazyLock::new(|| {
    let script = format!("{}\n{PAGE_WORKER}", WORKER.replace("\nexport ", "\n"));
    Fixed::new(SCRIPT, "no-cache", with_addresses(&script))
});
/// What an installed page is called and looks like (W3C Web Application Manifest).
static WEB_MANIFEST: LazyLock<Fixed> =
    LazyLock::new(|| Fixed::new("application/manifest+json", "no-cache", with_addresses(MANIFEST)));

/// Adds the Login Security page.
pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/", "GET").route(web::get().to(index)))
        .service(resource("/sw.js", "GET").route(web::get().to(service_worker)))
        .service(resource("/manifest.webmanifest", "GET").route(web::get().to(manifest)))
        .service(resource(ASSET, "GET").route(web::get().to(asset)));
}

/// Adds the operator's live view.
pub(in crate::http) fn operator_routes(config: &mut ServiceConfig) {
    config
        .service(resource("/", "GET").route(web::get().to(operator)))
        .service(resource(ASSET, "GET").route(web::get().to(asset)));
}

async fn index(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    let index = if api.takes_accounts { &INDEX } else { &INDEX_CLOSED };
    guarded(index.answer(&request))
}

async fn service_worker(request: HttpRequest) -> HttpResponse {
    guarded(SERVICE_WORKER.answer(&request))
}

async fn manifest(request: HttpRequest) -> HttpResponse {
    guarded(WEB_MANIFEST.answer(&request))
}

async fn operator(request: HttpRequest) -> HttpResponse {
    guarded(OPERATOR.answer(&request))
}

async fn asset(request: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (version, name) = path.into_inner();
    let file = ASSETS.iter().find(|(known, _)| *known == name && version == *VERSION);
    let (_, file) =
        file.ok_or_else(|| Problem::new(ProblemCode::NotFound, "There is no such file. Load the page again."))?;
    Ok(guarded(file.answer(&request)))
}

/// The address of a file of `web/`.
pub(in crate::http) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// A page of ours that does not change. It is asked for anew every time, and sent anew when it changed.
pub(in crate::http) fn page(text: impl Into<Bytes>) -> Fixed {
    Fixed::new(HTML, "no-cache", text)
}

/// A page of ours that is another one the next time.
pub(in crate::http) fn html(text: String) -> HttpResponse {
    guarded(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).content_type(HTML).body(text))
}

/// Adds the headers that keep others out of our pages.
pub(in crate::http) fn guarded(mut answer: HttpResponse) -> HttpResponse {
    for (name, value) in [
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("permissions-policy", PERMISSIONS_POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer
}

fn with_addresses(page: &str) -> String {
    page.replace("{assets}", &format!("/assets/{}", *VERSION))
}
