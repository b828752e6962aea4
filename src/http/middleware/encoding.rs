//! Request bodies come as they are: a compressed one can be a thousand times larger than what was sent.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::middleware::Next;

use crate::http::problem::{Problem, ProblemCode};

/// Middleware that refuses a request with a `Content-Encoding` (RFC 9110 section 8.4).
///
/// # Errors
/// [`ProblemCode::InvalidRequest`], and those of the handler.
pub async fn refuse_encoded<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let mut encodings = request.headers().get_all(CONTENT_ENCODING);
    if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let detail = "Send the body as it is, without `Content-Encoding`.";
        return Err(Problem::new(ProblemCode::InvalidRequest, detail).into());
    }
    next.call(request).await
}
