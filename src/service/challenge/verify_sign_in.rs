//! The right code of a sign-in, taken in one statement: by far most of the right ones.

use crate::domain::challenge::{Outcome, Purpose};
use crate::domain::code::TypedCode;
use crate::domain::device::successor::Predecessor;
use crate::domain::device::token::Token;
use crate::domain::event::{AccountEvent, AlertKind};
use crate::domain::value::id::{DeviceId, NoticeId, SessionId};
use crate::service::challenge::verify::Verified;
use crate::service::{Core, SignedIn, VerificationError, fresh};
use crate::store;
use crate::store::challenge::{RightCode, StoredChallenge, VerifiedSignIn};

impl Core {
    /// Takes the code of a sign-in if it is right: counts it like any guess, and what it brings is there, in one commit. `None` when
    /// it was not taken, right or wrong: then nothing was written, nobody may learn what the comparison said, and it goes on
    /// [the long way](Core::verify_first).
    ///
    /// # Errors
    /// The database's: then, too, nobody learns what the comparison said.
    pub(in crate::service) async fn verify_sign_in(
        &self,
        stored: &StoredChallenge,
        token: &Token,
        typed: &TypedCode,
        trust_device: bool,
    ) -> Result<Option<Verified>, VerificationError> {
        let new = &stored.challenge;
        let is_right = new.purpose == Purpose::SignIn
            && self.code(new, &new.progress, &new.key_id)?.is_some_and(|code| code.matches(typed));
        if !is_right {
            return Ok(None);
        }
        let keys = self.code_keys();
        let after = Predecessor::new(&keys, token);
        let session = self.new_session(new.account_id, fresh(SessionId::new), Some(&after));
        let trust_token = trust_device.then(|| after.trust_token());
        let right = RightCode {
            account_id: new.account_id,
            challenge_id: new.challenge_id,
            generation: new.progress.generation,
            key_id: &new.key_id,
            notice_id: fresh(NoticeId::new),
            requester: &new.requester,
            new_device: fresh(DeviceId::new),
            trust: trust_token.as_ref().map(Token::hash),
            session_id: session.session_id,
            pair: session.hashes(),
            tokens_key: after.key(),
            lifetimes: self.rules.tokens,
        };
        let taken = self.store.run(async |db| store::challenge::verify_sign_in(db, &right).await).await?;
        let Some(VerifiedSignIn { device, ended, verified_at, for_app }) = taken else { return Ok(None) };
        let closed = AccountEvent::ChallengeClosed { challenge_id: new.challenge_id, outcome: Outcome::Verified };
        let alert = AccountEvent::SecurityAlert { kind: AlertKind::NewDeviceSignedIn };
        let ended = ended.into_iter().map(|session_id| AccountEvent::SessionEnded { session_id });
        self.publish(new.account_id, [closed, alert].into_iter().chain(ended).collect()).await;
        let assertion = for_app.and_then(|(audience, subject)| {
            self.assertion(&stored.verified_for_app(audience, subject, device.id, verified_at))
        });
        let signed_in = Box::new(SignedIn { session, device, trust_token, is_repeat: false });
        Ok(Some(Verified::SignedIn { signed_in, assertion }))
    }
}
