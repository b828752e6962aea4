//! Who calls with an API key: an app's server.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::domain::account::subject::Subject;
use crate::domain::app_server::api_key::{ApiKey, Scope};
use crate::domain::device::token::{Token, TokenKind};
use crate::http::middleware::security_log;
use crate::http::problem::{Problem, ProblemCode};
use crate::http::request::extract::{Asking, bearer, invalid};
use crate::service::VerificationError;

/// An app's server.
pub(in crate::http) struct ApiCaller {
    pub(in crate::http) key: ApiKey,
    /// The key as it was sent.
    pub(in crate::http) token: Token,
}

impl ApiCaller {
    /// Makes sure that its key may be used for something.
    pub(in crate::http) fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.key.allows(scope) {
            return Ok(());
        }
        Err(Problem::new(ProblemCode::ScopeMissing, format!("This API key lacks the scope `{scope}`.")))
    }

    /// The subject that a call is about, if the key may be used for something with it: the one place where that is decided.
    pub(in crate::http) fn subject(&self, scope: Scope, text: &str) -> Result<Subject, Problem> {
        self.require(scope)?;
        let subject = Subject::parse(text).map_err(|error| invalid("subject", error))?;
        if self.key.is_for(&subject) { Ok(subject) } else { Err(VerificationError::OtherSubjects.into()) }
    }
}

impl FromRequest for ApiCaller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let asking = Asking::of(&request)?;
            let token = bearer(&request, TokenKind::ApiKey).map_err(|problem| asking.refusal(problem))?;
            // Keys are kept in memory: a look for a made-up one costs the database nothing.
            match asking.api.use_cases.app_servers.api_key(&token).await {
                Ok(key) => {
                    security_log::made_with_key(&request, key.id);
                    Ok(Self { key, token })
                }
                // An app's server calls for all its users; who has no key is limited like anybody.
                Err(VerificationError::Unauthorized) => {
                    let detail = "The API key is unknown, revoked or has ended.";
                    Err(asking.refusal(Problem::new(ProblemCode::Unauthorized, detail)))
                }
                Err(error) => Err(error.into()),
            }
        })
    }
}
