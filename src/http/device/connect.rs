//! `/v1/connect`: tickets and the WebSocket handshake.

use actix_web::http::header::{ORIGIN, SEC_WEBSOCKET_VERSION};
use actix_web::web::{self, Data, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::challenge::limits::TICKET_LIFETIME;
use crate::domain::device::session::ActiveSession;
use crate::domain::device::token::{Token, TokenKind};
use crate::domain::value::network::Network;
use crate::http::middleware::headers::own_address;
use crate::http::problem::{Problem, ProblemBody, ProblemCode};
use crate::http::request::dto::SentToken;
use crate::http::request::extract::{Asking, Session, bearer};
use crate::http::request::rate_limits::{Limited, Spender};
use crate::http::{Api, resource, to_the_end};
use crate::service::{Origin, VerificationError};
use crate::websocket;
use crate::websocket_protocol::SUBPROTOCOL;

/// Where devices connect (design section 5).
pub const WEBSOCKET_PATH: &str = "/v1/connect";
/// The one version of the WebSocket protocol (RFC 6455 section 4.4).
const VERSION: &str = "13";

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/v1/connect/ticket", "POST").route(web::post().to(ticket)))
        .service(resource("/v1/connect", "GET").route(web::get().to(connect)));
}

/// A ticket.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct TicketAnswer {
    /// Put it into the address: `/v1/connect?ticket=…`.
    #[schema(value_type = String)]
    ticket: SentToken,
    /// Seconds for which it is good, once.
    expires_in: i64,
}

/// A ticket for one WebSocket, for browsers: they cannot set headers on one.
#[utoipa::path(
    post, path = "/v1/connect/ticket", operation_id = "createConnectTicket", tag = "connect", security(("session" = [])),
    responses(
        (status = 200, description = "The ticket", body = TicketAnswer),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn ticket(
    api: Data<Api>,
    origin: Origin,
    Session(session): Session,
) -> Result<impl Responder, Problem> {
    spend(&api, origin.network(), &session)?;
    let ticket = to_the_end(async move { api.use_cases.devices.issue_ticket(&session).await }).await?;
    let expires_in = TICKET_LIFETIME.as_secs();
    Ok(HttpResponse::Ok().json(TicketAnswer { ticket: ticket.into(), expires_in }))
}

/// How a browser shows who it is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ConnectQuery {
    /// From `/v1/connect/ticket`; apps send `Authorization: Bearer` instead.
    ticket: Option<String>,
}

/// Open the live connection of a trusted device: a WebSocket with the subprotocol `twostep.v1`.
#[utoipa::path(
    get, path = "/v1/connect", operation_id = "connect", tag = "connect", params(ConnectQuery), security(("session" = []), ()),
    responses(
        (status = 101, description = "The WebSocket is open"),
        (status = 400, description = "`invalid_request`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`device_not_trusted`, `forbidden`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_requests`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`service_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(in crate::http) async fn connect(
    api: Data<Api>,
    request: HttpRequest,
    Query(query): Query<ConnectQuery>,
) -> Result<HttpResponse, Problem> {
    check_origin(&api, &request)?;
    check_version(&request)?;
    check_subprotocol(&request)?;
    let asking = Asking::of(&request)?;
    let session = session(&asking, &request, query.ticket.as_deref()).await?;
    spend(&api, asking.network, &session)?;
    if !session.device_trusted {
        return Err(VerificationError::DeviceNotTrusted.into());
    }
    websocket::accept(&request, session, api.directory.clone(), api.connections).map_err(|_| {
        Problem::new(ProblemCode::InvalidRequest, "This address takes WebSocket handshakes only (RFC 6455 section 4).")
            .header(SEC_WEBSOCKET_VERSION, VERSION)
    })
}

fn check_origin(api: &Api, request: &HttpRequest) -> Result<(), Problem> {
    let origin = request.headers().get(ORIGIN).map(|value| value.to_str().unwrap_or_default());
    if api.origins.allows(origin, &own_address(request.head(), api)) {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::Forbidden, "Pages of this origin may not connect. See http.allowed_origins."))
}

/// A client that speaks another version learns which one is spoken here (RFC 6455 section 4.2.2).
fn check_version(request: &HttpRequest) -> Result<(), Problem> {
    match request.headers().get(SEC_WEBSOCKET_VERSION) {
        Some(version) if version != VERSION => {
            let detail = format!("This address speaks version {VERSION} of the WebSocket protocol (RFC 6455).");
            Err(Problem::new(ProblemCode::InvalidRequest, detail).header(SEC_WEBSOCKET_VERSION, VERSION))
        }
        _ => Ok(()),
    }
}

/// A client that names subprotocols must name ours; one that names none speaks it all the same.
fn check_subprotocol(request: &HttpRequest) -> Result<(), Problem> {
    let mut offered = request.headers().get_all("Sec-WebSocket-Protocol").peekable();
    if offered.peek().is_none() {
        return Ok(());
    }
    let is_ours = |list: &str| list.split(',').any(|name| name.trim() == SUBPROTOCOL);
    if offered.any(|value| value.to_str().is_ok_and(is_ours)) {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::InvalidRequest, format!("Offer the subprotocol {SUBPROTOCOL}.")))
}

/// Counts a ticket or a connection of a session. `network` is unset for who is exempt.
fn spend(api: &Api, network: Option<Network>, session: &ActiveSession) -> Result<(), Problem> {
    network.map_or(Ok(()), |_| api.limits.spend(Limited::Connect, Spender::Session(session.session_id)))
}

async fn session(asking: &Asking, request: &HttpRequest, ticket: Option<&str>) -> Result<ActiveSession, Problem> {
    let use_cases = &asking.api.use_cases;
    let Some(ticket) = ticket else {
        let token = bearer(request, TokenKind::Access).map_err(|problem| asking.refusal(problem))?;
        return asking.resolve(&token, use_cases.devices.authenticate(&token)).await;
    };
    let ticket = Token::parse(TokenKind::Ticket, ticket);
    let ticket = ticket.ok_or_else(|| asking.refusal(VerificationError::Unauthorized.into()))?;
    asking.resolve(&ticket, use_cases.devices.take_ticket(&ticket)).await
}
