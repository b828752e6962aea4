//! What programs look for below `/.well-known/` (RFC 8615), besides the keys of assertions: where a password is changed, and whom to tell of
//! a weakness.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{self, Data, ServiceConfig};
use jiff::SignedDuration;

use crate::clock;
use crate::domain::value::moment;
use crate::http::problem::{Problem, ProblemCode};
use crate::http::{Api, resource};

/// For how long a `security.txt` is good: RFC 9116 section 2.5.5 recommends less than a year.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/.well-known/change-password", "GET").route(web::get().to(change_password)))
        .service(resource("/.well-known/security.txt", "GET").route(web::get().to(security)));
}

/// Where a password manager sends somebody who shall change a password
/// (<https://w3c.github.io/webappsec-change-password-url/>).
async fn change_password() -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, "/#security")).insert_header((CACHE_CONTROL, "no-store")).finish()
}

/// Whom to tell of a weakness (RFC 9116).
async fn security(api: Data<Api>) -> Result<HttpResponse, Problem> {
    let Some(contact) = &api.security_contact else {
        let detail = "Nobody is named here (service.security_contact).";
        return Err(Problem::new(ProblemCode::NotFound, detail));
    };
    let expires = clock::now().saturating_add(GOOD_FOR).map_err(|_| Problem::internal())?;
    let text = format!("Contact: {contact}\nExpires: {}\nPreferred-Languages: en\n", moment::text(expires));
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}
