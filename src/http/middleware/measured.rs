//! Rate, errors and duration of requests, by route: as the contract writes it, never as it was called, so that no address of a caller's choosing becomes a label.

use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use metrics::{counter, histogram};

use crate::http::middleware::trace_context::method;
use crate::telemetry::{HTTP_REQUEST_SECONDS, HTTP_REQUESTS};

/// The route of what is at no address.
const NO_ROUTE: &str = "none";

/// Counts a request when the head of its answer is there, whoever gave it.
///
/// # Errors
/// Those of what it wraps.
pub async fn measure(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, actix_web::Error> {
    let begun = Instant::now();
    let method = method(&request);
    let route = request.match_pattern().unwrap_or_else(|| NO_ROUTE.to_owned());
    let answer = next.call(request).await;
    let status = answer.as_ref().map_or_else(|error| error.as_response_error().status_code(), ServiceResponse::status);
    let status = status.as_str().to_owned();
    counter!(HTTP_REQUESTS, "route" => route.clone(), "method" => method, "status" => status).increment(1);
    histogram!(HTTP_REQUEST_SECONDS, "route" => route, "method" => method).record(begun.elapsed());
    answer
}
