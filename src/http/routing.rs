//! What every route has: the answer to other methods and addresses, and use cases that run to their end.

use std::future::ready;

use actix_web::http::header::ALLOW;
use actix_web::web as actix;
use actix_web::{HttpResponse, Resource, Responder, ResponseError};
use jiff::SignedDuration;

use super::problem::{Problem, ProblemCode};
use crate::service::VerificationError;
use crate::telemetry::{count_refusal, traces};

/// How soon a request that there was no memory for may come again.
const NO_ROOM_RETRY: SignedDuration = SignedDuration::from_secs(1);

pub(crate) async fn no_such_route() -> Problem {
    Problem::new(ProblemCode::NotFound, "There is nothing at this address. See /docs.")
}

/// An address that takes these methods, and `HEAD` with `GET`: the answer to others names them, as RFC 9110 section 15.5.6 asks.
pub(crate) fn resource(path: &str, methods: &'static str) -> Resource {
    actix::resource(path).default_service(actix::to(move || {
        let detail = "This address does not take this method. See /docs.";
        let methods = methods.replace("GET", "GET, HEAD");
        ready(Problem::new(ProblemCode::MethodNotAllowed, detail).customize().insert_header((ALLOW, methods)))
    }))
}

/// The answer to a request that there is no memory for at the moment.
#[must_use]
pub fn no_room() -> HttpResponse {
    let detail = "More requests are under way than there is room for. Send it again in a moment.";
    let problem = Problem::new(ProblemCode::ServiceUnavailable, detail).retry_after(NO_ROOM_RETRY);
    count_refusal("request_memory");
    problem.error_response()
}

/// Runs a use case to its end even if the client goes away: what was committed is also published.
pub(crate) fn to_the_end<T: 'static>(
    use_case: impl Future<Output = Result<T, VerificationError>> + 'static,
) -> impl Future<Output = Result<T, Problem>> {
    let task = actix_web::rt::spawn(traces::carry(use_case));
    async move {
        match task.await {
            Ok(result) => result.map_err(Problem::from),
            Err(_) => Err(Problem::internal()),
        }
    }
}
