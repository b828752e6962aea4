//! The bodies of requests to push providers.

use criterion::Criterion;
use twostep::domain::account::locale::Language;
use twostep::domain::delivery::push_address::AccountTag;
use twostep::domain::value::id::AccountId;
use twostep::fuzzing::{apns_body, fcm_body};
use twostep::providers::push::{ApnsEnvironment, Push, PushAddress, PushAddressKind, PushContent};
use uuid::Uuid;

use super::samples::{code, issued};

pub fn measure(criterion: &mut Criterion) {
    let issued = issued();
    let code = code(&issued);
    let push = Push {
        delivery_id: Uuid::now_v7(),
        account: AccountTag::of(AccountId::new(Uuid::now_v7())),
        subject_id: issued.challenge_id.uuid(),
        generation: issued.generation,
        expires_at: issued.expires_at,
        language: Language::English,
        receipt: None,
        content: PushContent::Code {
            title: "Sign-in code".to_owned(),
            body: format!("{} is the code for Pixel 10 near Budapest, HU", code.grouped()),
            code: code.expose().to_owned().into(),
        },
    };
    let token = "f".repeat(152);
    let Ok(fcm) = PushAddress::parse(PushAddressKind::FcmToken, None, &token, None) else {
        unreachable!("a token of FCM")
    };
    let apns =
        PushAddress::parse(PushAddressKind::ApnsToken, Some(ApnsEnvironment::Production), &"a1".repeat(32), None);
    assert!(apns.is_ok() && apns_body(&push).is_some() && fcm_body(&fcm, &push, issued.requested_at).is_some());
    criterion.bench_function("body/fcm", |bencher| bencher.iter(|| fcm_body(&fcm, &push, issued.requested_at)));
    criterion.bench_function("body/apns", |bencher| bencher.iter(|| apns_body(&push)));
}
