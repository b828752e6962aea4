//! What the benchmarks work on.

use jiff::{SignedDuration, Timestamp};
use twostep::domain::challenge::Purpose;
use twostep::domain::code::{Code, CodeKeys, CodeSalt, CodeSource, KeyId};
use twostep::domain::delivery::{CodeToDeliver, Requester};
use twostep::domain::device::{DeviceInfo, Platform};
use twostep::domain::value::id::{AccountId, ChallengeId, InstallId};
use uuid::Uuid;

pub fn key_id() -> KeyId {
    KeyId::parse("bench").expect("a valid id")
}

pub fn keys() -> CodeKeys {
    CodeKeys::single(key_id(), [7; 32])
}

/// The code of a sign-in, as a user actor has it in hand.
pub fn issued() -> CodeToDeliver {
    let now = Timestamp::now();
    let device = DeviceInfo {
        install_id: InstallId::new(Uuid::now_v7()),
        name: "Anna's phone".to_owned(),
        model: "Pixel 10".to_owned(),
        platform: Platform::Android,
        os_version: "16".to_owned(),
        app_version: "4.2.0".to_owned(),
        locale: None,
        time_zone: None,
    };
    CodeToDeliver {
        account_id: AccountId::new(Uuid::now_v7()),
        challenge_id: ChallengeId::new(Uuid::now_v7()),
        purpose: Purpose::SignIn,
        generation: 1,
        key_id: key_id(),
        salt: Some(CodeSalt::new([9; 16])),
        digits: 6,
        expires_at: now + SignedDuration::from_mins(5),
        requester: Requester {
            device,
            ip: "192.0.2.1".to_owned(),
            location: Some("Budapest, HU".to_owned()),
            acting: None,
        },
        requested_at: now,
        activity_id: None,
        address_taken: false,
    }
}

pub fn source(issued: &CodeToDeliver) -> CodeSource<'_> {
    CodeSource {
        key_id: &issued.key_id,
        salt: issued.salt.as_ref(),
        challenge_id: issued.challenge_id,
        purpose: issued.purpose,
        generation: issued.generation,
        digits: issued.digits,
    }
}

pub fn code(issued: &CodeToDeliver) -> Code {
    match keys().derive(&source(issued)) {
        Ok(code) => code,
        Err(_) => unreachable!("the key is there"),
    }
}
