//! OAuth 2.0 access tokens for a service account: the JWT bearer grant of RFC 7523 as Google runs it
//! (<https://developers.google.com/identity/protocols/oauth2/service-account#httprest>).

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use reqwest::header::HeaderValue;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::super::{MisconfiguredReason, PushOutcome, PushSetupError, TransientCause, jwt};
use super::token_answer::{SCOPE, TokenAnswer, read, transient};
use super::transport::{self};
use super::workload_identity::WorkloadIdentity;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Life of an assertion, the longest that Google takes.
const ASSERTION_SECONDS: i64 = 3600;
/// A token is renewed so long before its end.
const RENEW_EARLY: SignedDuration = SignedDuration::from_mins(5);
/// After a failed fetch, how long others are answered with the same failure.
const FAILURE_HOLD: SignedDuration = SignedDuration::from_secs(2);

/// An access token as a header, and which one it is.
#[derive(Clone)]
pub(super) struct AccessToken {
    pub(super) authorization: HeaderValue,
    serial: u64,
}

/// What access tokens are asked for with.
pub(super) enum Credentials {
    /// A key of a service account.
    Key(ServiceAccount),
    /// What the machine says that this gateway is.
    Workload(WorkloadIdentity),
}

/// Keeps one access token, fetched by one caller at a time.
pub(super) struct AccessTokens {
    credentials: Credentials,
    http: reqwest::Client,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<(AccessToken, Timestamp)>,
    failure: Option<(PushOutcome, Timestamp)>,
    serial: u64,
}

/// The parts of a service account's file that are used.
pub(super) struct ServiceAccount {
    client_email: String,
    key_id: Option<String>,
    key: RsaKeyPair,
    token_url: Url,
    pub(super) project_id: Option<String>,
}

#[derive(Deserialize)]
struct ServiceAccountFile {
    client_email: String,
    private_key: SecretString,
    private_key_id: Option<String>,
    token_uri: String,
    project_id: Option<String>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Kind {
    r#type: Option<String>,
}

impl Credentials {
    /// Reads what Google's console gave: the file of a service account's key, or that of an external account.
    pub(super) fn parse(text: &SecretString) -> Result<Self, PushSetupError> {
        let kind: Kind = serde_json::from_str(text.expose_secret()).map_err(|_| PushSetupError::ServiceAccount)?;
        if kind.r#type.as_deref() == Some("external_account") {
            return WorkloadIdentity::parse(text).map(Self::Workload);
        }
        ServiceAccount::parse(text).map(Self::Key)
    }

    /// The Firebase project, if the file names one.
    pub(super) fn project_id(&self) -> Option<&String> {
        match self {
            Self::Key(account) => account.project_id.as_ref(),
            Self::Workload(_) => None,
        }
    }
}

impl ServiceAccount {
    /// Reads a service account's JSON file.
    pub(super) fn parse(text: &SecretString) -> Result<Self, PushSetupError> {
        let file: ServiceAccountFile =
            serde_json::from_str(text.expose_secret()).map_err(|_| PushSetupError::ServiceAccount)?;
        let der = jwt::pkcs8_from_pem(file.private_key.expose_secret()).ok_or(PushSetupError::ServiceAccount)?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| PushSetupError::ServiceAccount)?;
        Ok(Self {
            client_email: file.client_email,
            key_id: file.private_key_id,
            key,
            token_url: Url::parse(&file.token_uri).map_err(|_| PushSetupError::ServiceAccount)?,
            project_id: file.project_id,
        })
    }

    fn assertion(&self, now: Timestamp) -> Result<String, ring::error::Unspecified> {
        let header = Header { alg: "RS256", typ: "JWT", kid: self.key_id.as_deref() };
        let claims = Claims {
            iss: &self.client_email,
            scope: SCOPE,
            aud: self.token_url.as_str(),
            iat: now.as_second(),
            exp: now.as_second() + ASSERTION_SECONDS,
        };
        jwt::sign(&header, &claims, |text| {
            let mut signature = vec![0; self.key.public().modulus_len()];
            self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)?;
            Ok(signature)
        })
    }
}

impl AccessTokens {
    pub(super) fn new(credentials: Credentials, http: reqwest::Client) -> Self {
        Self { credentials, http, kept: Mutex::default() }
    }

    /// A token that is good for a while yet. While one caller fetches, the others wait for it.
    ///
    /// # Errors
    /// With the outcome for the push that needed the token.
    pub(super) async fn current(&self, now: Timestamp) -> Result<AccessToken, PushOutcome> {
        let mut kept = self.kept.lock().await;
        if let Some(token) = kept.usable(now) {
            return Ok(token);
        }
        self.renew(&mut kept, now).await
    }

    /// A token other than the refused one; fetches only if nobody else did meanwhile.
    ///
    /// # Errors
    /// As [`current`](Self::current).
    pub(super) async fn replace(&self, refused: &AccessToken, now: Timestamp) -> Result<AccessToken, PushOutcome> {
        let mut kept = self.kept.lock().await;
        match kept.usable(now) {
            Some(token) if token.serial != refused.serial => Ok(token),
            Some(_) | None => {
                kept.token = None;
                self.renew(&mut kept, now).await
            }
        }
    }

    async fn renew(&self, kept: &mut Kept, now: Timestamp) -> Result<AccessToken, PushOutcome> {
        if let Some((failure, until)) = &kept.failure
            && now < *until
        {
            return Err(failure.clone());
        }
        match self.fetch(now).await {
            Ok(answer) => kept.store(&answer, now),
            Err(failure) => {
                kept.failure = Some((failure.clone(), now.saturating_add(FAILURE_HOLD).unwrap_or(now)));
                kept.still_alive(now).ok_or(failure)
            }
        }
    }

    async fn fetch(&self, now: Timestamp) -> Result<TokenAnswer, PushOutcome> {
        let account = match &self.credentials {
            Credentials::Key(account) => account,
            Credentials::Workload(identity) => return identity.fetch(&self.http, now).await,
        };
        let signing_failed = PushOutcome::Misconfigured(MisconfiguredReason::SigningFailed);
        let assertion = account.assertion(now).map_err(|_| signing_failed)?;
        let form = [("grant_type", GRANT_TYPE), ("assertion", &assertion)];
        let request = self.http.post(account.token_url.clone()).form(&form);
        read(&transport::exchange(request).await?)
    }
}

impl Kept {
    /// The token, until it should be renewed.
    fn usable(&self, now: Timestamp) -> Option<AccessToken> {
        self.before_end(now, RENEW_EARLY)
    }

    /// The token, until its very end: still good where it cannot be renewed just now.
    fn still_alive(&self, now: Timestamp) -> Option<AccessToken> {
        self.before_end(now, SignedDuration::ZERO)
    }

    fn before_end(&self, now: Timestamp, margin: SignedDuration) -> Option<AccessToken> {
        let (token, ends_at) = self.token.as_ref()?;
        (ends_at.duration_since(now) > margin).then(|| token.clone())
    }

    fn store(&mut self, answer: &TokenAnswer, now: Timestamp) -> Result<AccessToken, PushOutcome> {
        let text = Zeroizing::new(format!("Bearer {}", answer.access_token.expose_secret()));
        let unusable = |_| transient(TransientCause::Unintelligible, None);
        let mut authorization = HeaderValue::from_str(&text).map_err(unusable)?;
        authorization.set_sensitive(true);
        self.serial += 1;
        let token = AccessToken { authorization, serial: self.serial };
        let life = SignedDuration::from_secs(answer.expires_in.clamp(0, ASSERTION_SECONDS));
        self.token = Some((token.clone(), now.saturating_add(life).unwrap_or(now)));
        self.failure = None;
        Ok(token)
    }
}
