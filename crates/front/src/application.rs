//! What the listener serves.

use actix_http::body::BoxBody;
use actix_http::{Request, Response};
use actix_service::boxed::BoxServiceFactory;

/// What handles requests, whatever it is made of.
pub(super) type Application = BoxServiceFactory<(), Request, Response<BoxBody>, Response<BoxBody>, ()>;
