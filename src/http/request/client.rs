//! Who sent a request.

use actix_web::HttpRequest;
use actix_web::web::Data;
use twostep_front::Peer;

use super::client_ip::Client;
use crate::http::Api;

/// The client behind a request.
pub(in crate::http) fn client_of(request: &HttpRequest) -> Option<Client> {
    let api = request.app_data::<Data<Api>>()?;
    Some(Client::of(&Peer::of(request)?, request.headers(), &api.trust))
}
