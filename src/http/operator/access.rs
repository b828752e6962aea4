//! Who may call `/admin`: whoever shows the token of `operator.token_file`.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::Operator;
use crate::http::middleware::host;
use crate::http::problem::{Problem, ProblemCode};

/// Refuses a call without the token.
///
/// # Errors
/// Those of what it wraps.
pub(super) async fn require_token(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    let operator = request.app_data::<Data<Operator>>();
    let checked =
        operator.map_or_else(|| Err(Problem::internal()), |operator| operator.access.check(request.headers()));
    match checked {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(problem) => Ok(request.error_response(problem).map_into_right_body()),
    }
}

/// Refuses whoever came by a name that is neither an address, nor `localhost`, nor listed in `operator.hosts`: on every path, whatever
/// the client says it is.
///
/// # Errors
/// Those of what it wraps.
pub(super) async fn require_known_host(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, actix_web::Error> {
    let operator = request.app_data::<Data<Operator>>();
    if operator.is_some_and(|operator| host::is_known(request.request(), &operator.hosts)) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let detail = "Come here by an IP address or as localhost, or list the name in operator.hosts (TWOSTEP__OPERATOR__HOSTS). Probes and Prometheus can use probe.address by any name.";
    let problem = Problem::new(ProblemCode::Forbidden, detail);
    Ok(request.error_response(problem).map_into_right_body())
}
