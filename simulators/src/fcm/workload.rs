//! The token exchange of workload identity federation, and the making of a service account's token, as Google runs both
//! (<https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>,
//! <https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken>).

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

/// The path of the exchange.
pub(super) const EXCHANGE: &str = "/sts/v1/token";
/// The path that makes a token of the service account.
pub(super) const GENERATE: &str = "/iamcredentials/v1/projects/-/serviceAccounts/twostep:generateAccessToken";
/// The only machine's token that is believed.
pub(super) const SUBJECT_TOKEN: &str = "header.this-machine.signature";
const AUDIENCE: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster";
const SUBJECT_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";
const MESSAGING: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// Tokens that were exchanged, which may make others.
#[derive(Debug, Default)]
pub(super) struct Workload(Mutex<HashSet<String>>);

impl Workload {
    /// What the console's file holds, with the machine's token in a file or at a URL.
    pub(super) fn file(base_url: &str, source: &Value, impersonates: bool) -> Value {
        let mut file = json!({
            "type": "external_account",
            "audience": AUDIENCE,
            "subject_token_type": SUBJECT_TOKEN_TYPE,
            "token_url": format!("{base_url}{EXCHANGE}"),
            "credential_source": source,
        });
        if impersonates {
            file["service_account_impersonation_url"] = json!(format!("{base_url}{GENERATE}"));
        }
        file
    }

    /// Checks an exchange; answers whether the token that follows may send itself.
    pub(super) fn check(field: impl Fn(&str) -> Option<String>) -> Result<bool, &'static str> {
        let is = |name: &str, value: &str| field(name).as_deref() == Some(value);
        if !is("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange") {
            return Err("Invalid grant_type.");
        }
        if !is("requested_token_type", "urn:ietf:params:oauth:token-type:access_token") {
            return Err("Invalid requested_token_type.");
        }
        if !is("audience", AUDIENCE) || !is("subject_token_type", SUBJECT_TOKEN_TYPE) {
            return Err("Invalid audience or subject_token_type.");
        }
        if !is("subject_token", SUBJECT_TOKEN) {
            return Err("The given credential is rejected by the attribute condition.");
        }
        match field("scope").as_deref() {
            Some(MESSAGING) => Ok(true),
            Some("https://www.googleapis.com/auth/cloud-platform") => Ok(false),
            _ => Err("Invalid scope."),
        }
    }

    /// Remembers a token that may make others.
    pub(super) fn remember(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned());
    }

    /// Whether a bearer may make a token, and asks for one that sends.
    pub(super) fn may_make(&self, bearer: &str, body: &[u8]) -> bool {
        let wish: Value = serde_json::from_slice(body).unwrap_or_default();
        let is_known = self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(bearer);
        is_known && wish["scope"] == json!([MESSAGING])
    }
}
