//! The token that operators show.

use std::sync::{PoisonError, RwLock};

use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use crate::domain::operator_token::OperatorToken;
use crate::http::problem::{Problem, ProblemCode};

/// What is said where there is no token. Nobody is let in then.
const NO_TOKEN: &str = "This gateway has no token for operators, so it lets nobody in: set operator.token_file (TWOSTEP__OPERATOR__TOKEN_FILE) to a file that holds one, and restart it.";

/// What is said to who shows none.
const NONE_SHOWN: &str = "Send `Authorization: Bearer` with the token in the file that operator.token_file names; in development without it the file is operator-token in database.data_dir.";

/// What is said to who shows another.
const ANOTHER_SHOWN: &str = "The token is not the one in the file that operator.token_file names. When the file was replaced, reload the gateway.";

/// The token that is in force.
pub struct OperatorAccess(RwLock<Option<OperatorToken>>);

impl OperatorAccess {
    /// Lets in who shows this token; nobody without one.
    #[must_use]
    pub fn new(token: Option<OperatorToken>) -> Self {
        Self(RwLock::new(token))
    }

    /// Puts another token in the place of the one before, which is worth nothing from then on.
    pub fn replace(&self, token: Option<OperatorToken>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = token;
    }

    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let refused = |detail| Err(Problem::new(ProblemCode::Unauthorized, detail));
        let token = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match (token.as_ref(), shown(headers)) {
            (None, _) => refused(NO_TOKEN),
            (Some(_), None) => refused(NONE_SHOWN),
            (Some(token), Some(shown)) if token.is(shown) => Ok(()),
            (Some(_), Some(_)) => refused(ANOTHER_SHOWN),
        }
    }
}

/// The bearer token of a request (RFC 6750 section 2.1); of two headers neither counts.
fn shown(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next()?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("Bearer") && values.next().is_none()).then(|| token.trim())
}
