//! A trace begins with a request, or goes on with the caller's. Names and attributes are those of OpenTelemetry's conventions for
//! HTTP (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>), without addresses and without paths as they were called.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::http::Api;
use crate::http::request::client_ip::is_trusted;
use crate::telemetry::traces::{Kind, Step, Trace};

/// Makes the answer a step of a trace.
///
/// # Errors
/// Those of what it wraps.
pub(in crate::http) async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let step = Step::first(of_caller(&request), Kind::Server, "request");
    let method = method(&request);
    step.note("http.request.method", method);
    let answer = step.run(next.call(request)).await?;
    step.note("http.response.status_code", i64::from(answer.status().as_u16()));
    if let Some(route) = answer.request().match_pattern() {
        step.rename(|| format!("{method} {route}"));
        step.note("http.route", route);
    }
    if answer.status().is_server_error() {
        step.fail("server_error");
    }
    Ok(answer)
}

/// The trace that the caller is in, where it is believed: who says that its trace is recorded makes this node record.
fn of_caller(request: &ServiceRequest) -> Trace {
    let header = request.headers().get(Trace::HEADER).and_then(|value| value.to_str().ok());
    let (Some(header), Some(api), Some(peer)) = (header, request.app_data::<Data<Api>>(), request.peer_addr()) else {
        return Trace::NONE;
    };
    let is_believed = is_trusted(peer.ip().to_canonical(), &api.traced_callers);
    if is_believed { Trace::from_header(header) } else { Trace::NONE }
}

/// Methods are words that the caller chooses: others than these are `_OTHER`.
pub(in crate::http) fn method(request: &ServiceRequest) -> &'static str {
    match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}
