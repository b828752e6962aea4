//! The OpenAPI 3.1 document, made from the code.

use std::sync::LazyLock;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr};
use utoipa::{Modify, OpenApi};

use super::examples::Examples;
use crate::http::app_server::{jwks, subjects, verifications};
use crate::http::device::{
    accounts, authenticator, challenges, client_address, connect, devices, email_changes, login_activity,
    login_security, password_resets, password_strength, push, recoveries, recovery_codes, sessions, sign_in, support,
};
use crate::http::resource;
use crate::http::site::static_response::Fixed;

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/v1/openapi.json", "GET").route(web::get().to(show)));
}

async fn show(request: HttpRequest) -> HttpResponse {
    static TEXT: LazyLock<Fixed> = LazyLock::new(|| Fixed::new("application/json", "no-store", text()));
    TEXT.answer(&request)
}

/// The document as JSON.
#[must_use]
pub fn text() -> String {
    document().to_json().expect("the document has string keys and no value that JSON lacks")
}

/// The document.
#[must_use]
pub(in crate::http) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Twostep",
        description = "A self-hosted two-step verification gateway. A device that an account does not trust yet gets a session only once its user typed a short-lived code, which is shown on the account's trusted devices."
    ),
    paths(
        accounts::create,
        password_strength::judge,
        sign_in::sign_in,
        challenges::status,
        challenges::events,
        challenges::verify,
        challenges::resend,
        challenges::cancel,
        challenges::deny,
        sessions::refresh,
        sessions::sign_out,
        sessions::list_sessions,
        sessions::end_session,
        sessions::end_other_sessions,
        login_security::show,
        login_security::switch,
        login_security::unfreeze,
        login_security::change_password,
        devices::list,
        devices::remove,
        devices::remove_others,
        devices::rename,
        devices::update,
        email_changes::change,
        email_changes::undo,
        authenticator::set_up,
        authenticator::confirm,
        authenticator::remove,
        recoveries::ask,
        recoveries::show,
        recoveries::cancel,
        password_resets::begin,
        password_resets::finish,
        recovery_codes::make,
        push::key,
        push::test,
        push::receive,
        login_activity::page,
        login_activity::report,
        connect::ticket,
        connect::connect,
        client_address::show,
        support::of_session,
        support::of_challenge,
        verifications::begin,
        verifications::show,
        subjects::show,
        subjects::change,
        subjects::vouch,
        subjects::remove,
        subjects::export,
        subjects::delete,
        jwks::show,
    ),
    tags(
        (name = "accounts", description = "Make an account with an address and a password, where the gateway keeps accounts."),
        (name = "sign-in", description = "Sign a device in with address, password and, if it has one, its trust token."),
        (name = "challenges", description = "A code is asked for: follow it, type it, have it sent anew, give up, or say that it wasn’t you."),
        (name = "sessions", description = "Keep a session alive, see where the account is signed in, and end sessions."),
        (name = "login-security", description = "Turn two-step verification on and off, change the password, allow new devices again."),
        (name = "devices", description = "Trusted devices: list, rename, remove; what this device says of itself, and where its pushes go."),
        (name = "login-activity", description = "What happened to the account, and “this wasn’t me” after the fact."),
        (name = "connect", description = "The live connection on which a trusted device gets codes."),
        (name = "support", description = "What somebody may show to support: without codes, tokens and full addresses."),
        (name = "verifications", description = "The second step for an app’s server, which has checked the password itself. With an API key."),
        (name = "subjects", description = "The users of an app as the gateway knows them. With an API key."),
    ),
    modifiers(&BearerTokens, &CallLimit, &Open, &Examples)
)]
struct Document;

/// Every call with a token counts against its network's share.
struct CallLimit;

impl Modify for CallLimit {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let body = Content::new(Some(Ref::from_schema_name("ProblemBody")));
        let refused =
            ResponseBuilder::new().description("`too_many_requests`").content("application/problem+json", body);
        let refused: RefOr<Response> = refused.build().into();
        for path in document.paths.paths.values_mut() {
            let calls = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
            for call in calls.into_iter().flatten().filter(|call| call.security.is_some()) {
                call.responses.responses.entry("429".to_owned()).or_insert_with(|| refused.clone());
            }
        }
    }
}

/// Calls without a token say so.
struct Open;

impl Modify for Open {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for path in document.paths.paths.values_mut() {
            let calls = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
            for call in calls.into_iter().flatten() {
                call.security.get_or_insert_default();
            }
        }
    }
}

/// The tokens that calls are made with.
struct BearerTokens;

impl Modify for BearerTokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        for (name, description) in [
            ("session", "The access token of a session, `ts_at_…`"),
            ("api_key", "An API key of an app's server, `ts_ak_…`, made with `twostep keys create`"),
            ("challenge_token", "The token of a challenge, `ts_ct_…`, from the answer that started it"),
        ] {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}
