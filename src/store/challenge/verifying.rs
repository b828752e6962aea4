//! The right code of a sign-in: counted, taken, and the session begun, in one statement.

use jiff::Timestamp;

use crate::domain::account::subject::Subject;
use crate::domain::challenge::limits::{MAX_ATTEMPTS, MAX_SESSIONS_A_DEVICE, MAX_TRUSTED_DEVICES};
use crate::domain::code::KeyId;
use crate::domain::delivery::Requester;
use crate::domain::device::token::TokenHash;
use crate::domain::device::{Device, DeviceInfo};
use crate::domain::value::id::{AccountId, ChallengeId, DeviceId, NoticeId, SessionId};
use crate::store::postgres::row::{as_integer, get, id, locale};
use crate::store::session::{PairHashes, TokenLifetimes, ended_sessions};
use crate::store::{Db, StoreError, optional_row, query};

/// A code that was compared and is right, and what it brings.
pub struct RightCode<'a> {
    /// Whose.
    pub account_id: AccountId,
    /// Of which challenge.
    pub challenge_id: ChallengeId,
    /// Which of its codes.
    pub generation: u32,
    /// The key that was derived with.
    pub key_id: &'a KeyId,
    /// The notice that tells the owner.
    pub notice_id: NoticeId,
    /// Who typed it.
    pub requester: &'a Requester,
    /// The device's id, if it is new.
    pub new_device: DeviceId,
    /// What the device shows from now on, if it is to be trusted.
    pub trust: Option<TokenHash>,
    /// The session.
    pub session_id: SessionId,
    /// Its tokens.
    pub pair: PairHashes,
    /// The key that they, and the trust token, are derived with.
    pub tokens_key: &'a KeyId,
    /// How long they live.
    pub lifetimes: TokenLifetimes,
}

/// A sign-in that was verified.
pub struct VerifiedSignIn {
    /// The device, as the account knows it from now on.
    pub device: Device,
    /// Sessions of the device that made room.
    pub ended: Vec<SessionId>,
    /// When, by the database's clock.
    pub verified_at: Timestamp,
    /// What its assertion says, where an app's server began it.
    pub for_app: Option<(String, Subject)>,
}

/// Takes the right code of a sign-in, in one statement that commits by itself: the attempt is counted like any other, and what
/// would refuse it refuses this. `None`, with nothing written, when it is refused, or takes more statements.
///
/// # Errors
/// [`StoreError`] when the database does not answer: then nobody may learn that the code was right.
pub async fn verify_sign_in(db: &impl Db, right: &RightCode<'_>) -> Result<Option<VerifiedSignIn>, StoreError> {
    let info = &right.requester.device;
    let parameters: crate::store::Parameters<'_> = &[
        &right.account_id.uuid(),
        &right.challenge_id.uuid(),
        &as_integer(right.generation),
        &right.key_id.as_str(),
        &i16::try_from(MAX_ATTEMPTS).unwrap_or(i16::MAX),
        &right.notice_id.uuid(),
        &right.trust.as_ref().map(TokenHash::as_bytes),
        &MAX_TRUSTED_DEVICES,
        &right.tokens_key.as_str(),
        &right.new_device.uuid(),
        &info.install_id.uuid(),
        &info.name,
        &info.model,
        &info.platform.as_str(),
        &info.os_version,
        &info.app_version,
        &right.requester.location,
        &info.locale.as_ref().map(crate::domain::account::locale::Locale::as_str),
        &right.session_id.uuid(),
        &right.pair.access.as_bytes(),
        &right.pair.refresh.as_bytes(),
        &right.lifetimes.of_access(),
        &right.lifetimes.of_refresh(),
        &MAX_SESSIONS_A_DEVICE,
    ];
    let Some(row) = optional_row(db, query!("challenge/verify_sign_in"), parameters).await? else { return Ok(None) };
    let info = DeviceInfo { name: get(&row, "device_name")?, locale: locale(&row)?, ..info.clone() };
    let audience: Option<String> = get(&row, "for_audience")?;
    let subject: Option<&str> = get(&row, "of_subject")?;
    let subject = subject.map(Subject::parse).transpose().map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(Some(VerifiedSignIn {
        device: Device { id: id(&row, "met_device", DeviceId::new)?, info, trusted: right.trust.is_some() },
        ended: ended_sessions(&row)?,
        verified_at: get(&row, "verified_at")?,
        for_app: audience.zip(subject),
    }))
}
