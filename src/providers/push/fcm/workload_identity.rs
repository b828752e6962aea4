//! Access tokens without a key of our own: workload identity federation. Where the gateway runs, something hands it a token that says who it
//! is (Kubernetes, a cloud, a CI system); Google exchanges that for an access token (RFC 8693), and that, where the file says so, for one of a service
//! account (<https://google.aip.dev/auth/4117>).

use std::path::PathBuf;

use jiff::Timestamp;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::super::{MisconfiguredReason, PushOutcome, PushSetupError};
use super::token_answer::{SCOPE, TokenAnswer, read};
use super::transport;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// What a token must be good for with which another is asked for.
const PLATFORM_SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Longest token that is read from where the machine's own comes from.
const MAX_SUBJECT_TOKEN_BYTES: u64 = 64 * 1024;

/// The parts of an `external_account` file that are used.
#[derive(Deserialize)]
pub(super) struct WorkloadIdentity {
    audience: String,
    subject_token_type: String,
    token_url: Address,
    /// Where a token of a service account is made; without it the first token is used itself.
    service_account_impersonation_url: Option<Address>,
    credential_source: Source,
}

/// Where the machine's own token comes from. Commands and the metadata of AWS are not read.
#[derive(Deserialize)]
struct Source {
    file: Option<PathBuf>,
    url: Option<Address>,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    format: Format,
}

/// A URL, as JSON has it.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Address(Url);

impl TryFrom<String> for Address {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Url::parse(&text).map(Self).map_err(|_| "no URL")
    }
}

#[derive(Deserialize, Default)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Format {
    #[default]
    Text,
    Json {
        subject_token_field_name: String,
    },
}

#[derive(Serialize)]
struct Wish<'a> {
    scope: [&'a str; 1],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImpersonationAnswer {
    access_token: SecretString,
    expire_time: Timestamp,
}

impl WorkloadIdentity {
    /// Reads the file's JSON.
    pub(super) fn parse(text: &SecretString) -> Result<Self, PushSetupError> {
        let identity: Self =
            serde_json::from_str(text.expose_secret()).map_err(|_| PushSetupError::WorkloadIdentity)?;
        // Exactly one of the two.
        if identity.credential_source.file.is_some() == identity.credential_source.url.is_some() {
            return Err(PushSetupError::WorkloadIdentity);
        }
        Ok(identity)
    }

    /// Exchanges the machine's own token for one that may send.
    ///
    /// # Errors
    /// With the outcome for the push that needed the token.
    pub(super) async fn fetch(&self, http: &reqwest::Client, now: Timestamp) -> Result<TokenAnswer, PushOutcome> {
        let subject_token = self.subject_token(http).await?;
        let scope = if self.service_account_impersonation_url.is_some() { PLATFORM_SCOPE } else { SCOPE };
        let form = [
            ("grant_type", GRANT_TYPE),
            ("audience", &self.audience),
            ("scope", scope),
            ("requested_token_type", ACCESS_TOKEN),
            ("subject_token", subject_token.expose_secret()),
            ("subject_token_type", &self.subject_token_type),
        ];
        let answer = transport::exchange(http.post(self.token_url.0.clone()).form(&form)).await?;
        let token: TokenAnswer = read(&answer)?;
        match &self.service_account_impersonation_url {
            None => Ok(token),
            Some(url) => impersonate(http, &url.0, &token, now).await,
        }
    }

    async fn subject_token(&self, http: &reqwest::Client) -> Result<SecretString, PushOutcome> {
        let unusable = PushOutcome::Misconfigured(MisconfiguredReason::NoSubjectToken);
        let text = match (&self.credential_source.file, &self.credential_source.url) {
            (Some(file), _) => {
                let length = tokio::fs::metadata(file).await.map_err(|_| unusable.clone())?.len();
                if length > MAX_SUBJECT_TOKEN_BYTES {
                    return Err(unusable);
                }
                // It is replaced while the gateway runs: read each time.
                tokio::fs::read_to_string(file).await.map_err(|_| unusable.clone())?
            }
            (None, Some(url)) => {
                let headers = &self.credential_source.headers;
                let request =
                    headers.iter().fold(http.get(url.0.clone()), |request, (name, value)| request.header(name, value));
                let answer = transport::exchange(request).await?;
                if answer.status != 200 {
                    return Err(unusable);
                }
                String::from_utf8(answer.body).map_err(|_| unusable.clone())?
            }
            (None, None) => return Err(unusable),
        };
        let token = match &self.credential_source.format {
            Format::Text => text.trim().to_owned(),
            Format::Json { subject_token_field_name } => {
                let mut json: serde_json::Value = serde_json::from_str(&text).map_err(|_| unusable.clone())?;
                match json[subject_token_field_name.as_str()].take() {
                    serde_json::Value::String(token) => token,
                    _ => return Err(unusable),
                }
            }
        };
        if token.is_empty() { Err(unusable) } else { Ok(token.into()) }
    }
}

/// A token of the service account that the first one may speak for.
async fn impersonate(
    http: &reqwest::Client,
    url: &Url,
    token: &TokenAnswer,
    now: Timestamp,
) -> Result<TokenAnswer, PushOutcome> {
    let wish = http.post(url.clone()).bearer_auth(token.access_token.expose_secret()).json(&Wish { scope: [SCOPE] });
    let ImpersonationAnswer { access_token, expire_time } = read(&transport::exchange(wish).await?)?;
    Ok(TokenAnswer { access_token, expires_in: expire_time.duration_since(now).as_secs() })
}
