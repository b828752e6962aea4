//! What a person does through an app: make an account, turn two-step verification on, sign in, type a code.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, bail};
use http::StatusCode;

use super::contract::{
    ActivityPage, AppSignInBody, Challenge, ChallengeBody, ChallengeStatus, EnableBody, Install, PASSWORD, ResendBody,
    SignInBody, SignedIn, SubjectBody, VerifyBody, VouchedBody,
};
use super::http::{Answer, Http};

/// Where an app's users come from: this machine, whose network is not limited.
const HERE: &str = "127.0.0.1";

/// Where the next of them signs in from, so that the limit of a network bounds nobody: the addresses for benchmarks (RFC 2544,
/// appendix C.2.2: 198.18.0.0/15) in turn.
fn somewhere() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) & 0x1_ffff;
    Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, 0).to_bits() + number).to_string()
}

/// Somebody with an address, at an app that talks to a gateway.
#[derive(Clone)]
pub(crate) struct Person {
    /// The way to the gateway.
    pub(crate) http: Http,
    /// The address; for an app's user, the subject.
    pub(crate) email: String,
    /// The API key of the app that keeps the account and checks the password, if one does.
    pub(crate) app: Option<Arc<str>>,
}

/// What a sign-in came to.
pub(crate) enum Begun {
    /// A code is asked for.
    Challenge(Challenge),
    /// Something else, for instance a refusal.
    Other(Answer),
}

impl Begun {
    /// What it is, for people.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Challenge(_) => "a code is asked for".to_owned(),
            Self::Other(answer) => format!("sign-in: {}", answer.text()),
        }
    }
}

impl Person {
    /// Asks for an account.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn create_account(&self, install: &Install) -> anyhow::Result<Answer> {
        let body = SignInBody { email: &self.email, password: PASSWORD, device: install };
        self.http.post("/v1/accounts", None, &body).await
    }

    /// The challenge in an answer with status 202.
    ///
    /// # Errors
    /// When it is another answer.
    pub(crate) fn challenge(answer: &Answer) -> anyhow::Result<Challenge> {
        Ok(answer.expect::<ChallengeBody>(StatusCode::ACCEPTED)?.challenge)
    }

    /// Signs in with any password.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn sign_in_with(&self, password: &str, install: &Install) -> anyhow::Result<Answer> {
        let body = SignInBody { email: &self.email, password, device: install };
        self.http.post("/v1/sign-in", None, &body).await
    }

    /// Begins a sign-in with the right password.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn begin(&self, install: &Install) -> anyhow::Result<Begun> {
        let answer = match &self.app {
            None => self.sign_in_with(PASSWORD, install).await?,
            Some(key) => {
                let body = AppSignInBody { subject: &self.email, device: install, ip: &somewhere() };
                self.http.post("/v1/verifications", Some(key), &body).await?
            }
        };
        Ok(match answer.status {
            StatusCode::ACCEPTED => Begun::Challenge(Self::challenge(&answer)?),
            _ => Begun::Other(answer),
        })
    }

    /// Has the app vouch for a device.
    ///
    /// # Errors
    /// When the gateway refuses, or no app keeps the account.
    pub(crate) async fn vouched(&self, install: &Install) -> anyhow::Result<SignedIn> {
        let key = self.app.as_deref().context("no app keeps this account")?;
        let body = VouchedBody { device: install, ip: HERE, overriding: true };
        let path = format!("/v1/subjects/{}/devices", self.email);
        self.http.post(&path, Some(key), &body).await?.expect(StatusCode::CREATED)
    }

    /// Has the app turn two-step verification on, with a mailbox for codes if one is given.
    ///
    /// # Errors
    /// When the gateway refuses, or no app keeps the account.
    pub(crate) async fn enable(&self, email: Option<&str>) -> anyhow::Result<()> {
        let key = self.app.as_deref().context("no app keeps this account")?;
        let path = format!("/v1/subjects/{}", self.email);
        let enable = SubjectBody { two_step_enabled: true, email };
        self.http.put(&path, key, &enable).await?.expect::<serde_json::Value>(StatusCode::OK)?;
        Ok(())
    }

    /// The mailbox of an account that an app keeps.
    pub(crate) fn mailbox(&self) -> String {
        format!("{}@example.com", self.email)
    }

    /// Has the next code of a challenge go by email.
    ///
    /// # Errors
    /// When the gateway refuses.
    pub(crate) async fn resend_by_email(&self, challenge: &Challenge) -> anyhow::Result<()> {
        let body = ResendBody { method: "email" };
        let answer = self.http.post(&challenge.path("/resend"), Some(&challenge.token), &body).await?;
        answer.expect::<serde_json::Value>(StatusCode::ACCEPTED)?;
        Ok(())
    }

    /// Types a code.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn verify(
        &self,
        challenge: &Challenge,
        code: &str,
        trust_device: Option<bool>,
    ) -> anyhow::Result<Answer> {
        let body = VerifyBody { code, trust_device };
        self.http.post(&challenge.path("/verify"), Some(&challenge.token), &body).await
    }

    /// How a challenge stands, such as `open` or `verified`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn state(&self, challenge: &Challenge) -> anyhow::Result<String> {
        let answer = self.http.get(&challenge.path(""), Some(&challenge.token)).await?;
        Ok(answer.expect::<ChallengeStatus>(StatusCode::OK)?.state)
    }

    /// Signs in with the right code.
    ///
    /// # Errors
    /// When it is not taken.
    pub(crate) async fn finish(&self, challenge: &Challenge, code: &str, trust: bool) -> anyhow::Result<SignedIn> {
        self.verify(challenge, code, Some(trust)).await?.expect(StatusCode::OK)
    }

    /// Begins turning two-step verification on.
    ///
    /// # Errors
    /// When it is refused.
    pub(crate) async fn begin_enabling(&self, session: &SignedIn) -> anyhow::Result<Challenge> {
        let path = "/v1/login-security/two-step";
        let token = Some(session.session.access_token.as_str());
        Self::challenge(&self.http.post(path, token, &EnableBody { enabled: true }).await?)
    }

    /// Sign-in attempts in the login activity.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn count_attempts(&self, access_token: &str) -> anyhow::Result<u64> {
        let mut count = 0;
        let mut cursor = None::<String>;
        // A page holds 100: more than 10,000 of them are a mistake.
        for _ in 0..10_000 {
            let tail = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let answer = self.http.get(&format!("/v1/login-activity?limit=100{tail}"), Some(access_token)).await?;
            let page: ActivityPage = answer.expect(StatusCode::OK).context("the login activity")?;
            count += page.entries.iter().filter(|entry| entry.kind == "sign_in").map(|_| 1).sum::<u64>();
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(count);
            }
        }
        bail!("the login activity has no end")
    }
}
