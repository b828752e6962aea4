//! Who asks, on routes that a session and a challenge token may take.

use actix_web::HttpRequest;
use actix_web::web::Data;

use super::super::client::client_of;
use crate::domain::device::token::Token;
use crate::domain::value::network::Network;
use crate::http::Api;
use crate::http::problem::Problem;
use crate::service::VerificationError;

/// Somebody who asks for something, before it is known whether their token is good.
pub(in crate::http) struct Asking {
    pub(in crate::http) api: Data<Api>,
    /// What their bad tokens are counted by; `None` is exempt.
    pub(in crate::http) network: Option<Network>,
}

impl Asking {
    pub(in crate::http) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let api = request.app_data::<Data<Api>>().cloned().ok_or_else(Problem::internal)?;
        let client = client_of(request).ok_or_else(Problem::internal)?;
        Ok(Self { api, network: (!client.is_exempt).then(|| Network::of(client.ip)) })
    }

    /// Looks a token up, and counts it by network if it is not good.
    pub(in crate::http) async fn resolve<T>(
        &self,
        token: &Token,
        look: impl Future<Output = Result<T, VerificationError>>,
    ) -> Result<T, Problem> {
        self.api.tokens.resolve(&self.api.limits, self.network, token, look).await
    }

    /// What is answered to a call without a good token: `problem`, or that too many of these came.
    pub(in crate::http) fn refusal(&self, problem: Problem) -> Problem {
        self.api.tokens.refusal(&self.api.limits, self.network, problem)
    }
}
