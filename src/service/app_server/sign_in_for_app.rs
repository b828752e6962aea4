//! Verifications that an app's server begins: it checked the password, and asks for the second step.

use jiff::Timestamp;

use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Locale;
use crate::domain::account::subject::Subject;
use crate::domain::app_server::assertion::{Assertion, Jwk};
use crate::domain::challenge::{ChallengeState, Outcome};
use crate::domain::device::DeviceInfo;
use crate::domain::device::token::Token;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::service::challenge::begin_sign_in::Begun;
use crate::service::sign_in::password_sign_in::{Admission, Asks, count_outcome};
use crate::service::{
    AppServers, ChallengeView, Core, KeptAnswer, OnceRequest, Origin, SignedIn, VerificationError, fresh,
};
use crate::store;
use crate::store::challenge::SignInOf;
use crate::store::verification::AppVerification;

/// What an app's server says of a sign-in.
pub struct AppSignIn {
    /// Who signs in.
    pub subject: Subject,
    /// Where mail goes, if the subject is new.
    pub email: Option<EmailAddress>,
    /// The key may change subjects: one without a mailbox gets this one. None is ever replaced here.
    pub may_change_subjects: bool,
    /// Which language the mails are in, if it is new or changed.
    pub locale: Option<Locale>,
    /// On which device.
    pub device: DeviceInfo,
    /// What shows that it is trusted.
    pub trust_token: Option<Token>,
    /// Whom the assertion is for.
    pub audience: String,
}

/// Why no code is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotNeeded {
    /// The device is trusted.
    TrustedDevice,
    /// Two-step verification is off for the subject.
    TwoStepOff,
    /// It is off, and not offered to the subject yet.
    NotOffered,
}

/// What comes of it.
pub enum AppSignInResult {
    /// The app lets its user in.
    NotNeeded(NotNeeded, Box<SignedIn>),
    /// A code is asked for.
    Required(Box<ChallengeView>, Timestamp),
}

impl AppVerification {
    /// How it stands.
    #[must_use]
    pub fn state(&self) -> ChallengeState {
        let expired = (self.expires_at <= self.now).then_some(Outcome::Expired);
        self.outcome.or(expired).into()
    }
}

impl AppServers {
    /// Begins a sign-in that needs a code for sure, in one transaction with the answer that `answer` makes of the challenge and of its
    /// beginning. `None` when it takes more to find out what is to be done: see [`Self::begin_once`] and [`Self::sign_in_for_app`].
    ///
    /// # Errors
    /// The database's, and a mistake of ours when `answer` makes none.
    pub async fn begin_sign_in_for_app(
        &self,
        request: &AppSignIn,
        origin: &Origin,
        once: &OnceRequest,
        answer: impl FnOnce(&ChallengeView, Timestamp) -> Option<KeptAnswer>,
    ) -> Result<Option<KeptAnswer>, VerificationError> {
        self.require_room()?;
        if request.trust_token.is_some() {
            return Ok(None);
        }
        let requester = origin.requester(request.device.clone());
        let of = SignInOf::Subject {
            subject: &request.subject,
            needs_mailbox: request.email.is_some() && request.may_change_subjects,
            locale: request.locale.as_ref(),
        };
        let answer = |begun: &Begun| answer(&begun.view, begun.at);
        self.begin_sign_in_once(&of, &requester, &request.audience, once, answer).await
    }

    /// Decides whether a sign-in that an app's server has checked needs a code, and starts a challenge if it does.
    ///
    /// # Errors
    /// As for a sign-in with a password, without those of the password.
    pub async fn sign_in_for_app(
        &self,
        request: &AppSignIn,
        origin: &Origin,
    ) -> Result<(AccountId, AppSignInResult), VerificationError> {
        let requester = origin.requester(request.device.clone());
        let subject = &request.subject;
        let locale = request.locale.as_ref();
        let mut events = Vec::new();
        let mut shadow = None;
        let mut offered = true;
        let transaction = self.store.transaction(async |db| {
            let new_id = fresh(AccountId::new);
            let (account, mut mailbox) =
                store::subject::find_or_add(db, new_id, subject, request.email.as_ref(), locale).await?;
            let locked = store::account::lock(db, account).await?.ok_or(VerificationError::NotFound)?;
            if let (None, Some(email), true) = (&mailbox, &request.email, request.may_change_subjects) {
                self.change_mailbox(db, account, None, email, &mut events).await?;
                mailbox = Some(email.clone());
            }
            if !locked.two_step_enabled {
                offered = store::rollout::offers(db, account).await?;
            }
            let asks = Asks {
                account,
                mailbox: mailbox.as_ref(),
                for_app: Some(&request.audience),
                requester,
                trust_token: request.trust_token.as_ref(),
            };
            let admission = self.admit(db, asks, &locked, &mut events, &mut shadow).await?;
            Ok::<_, VerificationError>((account, locked.now, admission))
        });
        let (account, now, admission) = transaction.await?;
        count_outcome(&admission, shadow);
        self.publish(account, events).await;
        let off = if offered { NotNeeded::TwoStepOff } else { NotNeeded::NotOffered };
        let result = match admission? {
            Admission::Trusted(signed_in) => AppSignInResult::NotNeeded(NotNeeded::TrustedDevice, signed_in),
            Admission::TwoStepOff(signed_in) => AppSignInResult::NotNeeded(off, signed_in),
            Admission::Challenged(challenge) => AppSignInResult::Required(challenge, now),
        };
        Ok((account, result))
    }

    /// The keys that assertions are checked with.
    #[must_use]
    pub fn assertion_keys(&self) -> Vec<Jwk> {
        self.code_keys.assertions().public(self.rules.assertions.header)
    }
}

impl Core {
    /// A verification that an app's server began.
    ///
    /// # Errors
    /// [`VerificationError::NotFound`] when there is none, or it is forgotten (30 days after its end).
    pub async fn app_verification(&self, id: ChallengeId) -> Result<AppVerification, VerificationError> {
        let found = self.store.run(async |db| store::verification::by_id(db, id).await).await?;
        found.ok_or(VerificationError::NotFound)
    }

    /// What says that a verification succeeded, made anew; `None` when it did not.
    #[must_use]
    pub fn assertion(&self, of: &AppVerification) -> Option<String> {
        let verified_at = of.closed_at.filter(|_| of.outcome == Some(Outcome::Verified))?;
        let assertion = Assertion {
            issuer: &self.rules.assertions.issuer,
            audience: &of.audience,
            subject: &of.subject,
            verification: of.id,
            device: of.device,
            method: of.method,
            verified_at,
            lifetime: self.rules.assertions.lifetime,
            header: self.rules.assertions.header,
        };
        Some(assertion.sign(&self.code_keys.assertions(), of.now))
    }
}
