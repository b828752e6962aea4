//! `/v1/sessions`.

use futures_util::future::join;
use reqwest::Method;
use serde_json::json;

use super::{ANNA, assert_ended, assert_goes_on, collide, count};
use crate::support::client::{Answer, Client, PASSWORD, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

pub(super) async fn refresh(client: &Client, token: &str) -> Answer {
    client.send(Method::POST, "/v1/sessions/refresh", None, Some(json!({ "refresh_token": token }))).await
}

/// The device with the tokens of an answer to `refresh`.
fn renewed(device: &SignedIn, answer: Answer) -> SignedIn {
    let session = answer.expect(200)["session"].clone();
    assert_eq!(session["expires_in"], 900);
    let text = |name: &str| session[name].as_str().expect("a token").to_owned();
    SignedIn { access_token: text("access_token"), refresh_token: text("refresh_token"), ..device.clone() }
}

#[actix_web::test]
async fn a_refresh_gives_the_next_tokens_and_ends_the_earlier_ones() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let second = renewed(&first, refresh(&client, &first.refresh_token).await);
    assert_ended(&client, &first).await;
    assert_goes_on(&client, &second).await;
    let third = renewed(&second, refresh(&client, &second.refresh_token).await);
    assert_goes_on(&client, &third).await;
    assert_eq!(count(&gateway.database, "sessions").await, 1);
    gateway.stop().await;
}

/// How the tokens after a refresh token are used: each of these uses it up.
#[derive(Debug, Clone, Copy)]
enum Use {
    Call,
    Connection,
    Refresh,
}

async fn use_tokens(client: &Client, device: &SignedIn, how: Use) {
    match how {
        Use::Call => assert_goes_on(client, device).await,
        Use::Connection => drop(client.connect(device).await),
        Use::Refresh => drop(refresh(client, &device.refresh_token).await.expect(200)),
    }
}

/// Lets the moment go by in which two tabs may show the same token.
async fn pass_grace(gateway: &TestGateway) {
    let used = "UPDATE sessions SET access_used_at = access_used_at - interval '31 s', first_used_at = first_used_at - interval '31 s'";
    gateway.database.execute(used).await;
    gateway.database.execute("UPDATE refresh_tokens SET accepted_at = accepted_at - interval '31 s'").await;
}

#[actix_web::test]
async fn a_lost_answer_to_a_refresh_is_given_again_until_its_tokens_were_used() {
    for how in [Use::Call, Use::Connection, Use::Refresh] {
        let gateway = TestGateway::start().await;
        let client = gateway.client();
        let first = client.new_protected_account(ANNA).await;
        let lost = renewed(&first, refresh(&client, &first.refresh_token).await);
        // However late it is asked again: nobody used what came of it.
        gateway.database.age("sessions", "access_expires_at", 86_400, "true").await;
        let second = renewed(&first, refresh(&client, &first.refresh_token).await);
        assert!(lost.access_token == second.access_token && lost.refresh_token == second.refresh_token, "{how:?}");
        use_tokens(&client, &second, how).await;
        // Two tabs at once.
        let tab = renewed(&first, refresh(&client, &first.refresh_token).await);
        assert_eq!(tab.refresh_token, second.refresh_token, "{how:?}");
        let second = renewed(&second, refresh(&client, &second.refresh_token).await);
        assert_goes_on(&client, &second).await;

        pass_grace(&gateway).await;
        refresh(&client, &first.refresh_token).await.expect_problem(401, "unauthorized");
        assert_ended(&client, &second).await;
        gateway.stop().await;
    }
}

/// A thief has a copy of an old token, and the owner is told of which device, and where it was used.
#[actix_web::test]
async fn a_stolen_refresh_token_ends_its_session_and_is_told_by_device_and_place() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let other = client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect(200);
    let other = SignedIn::new(&first.install, &other);
    let second = renewed(&first, refresh(&client, &first.refresh_token).await);
    assert_goes_on(&client, &second).await;
    pass_grace(&gateway).await;

    let thief = Client::from_address(client.base(), "127.0.0.2");
    refresh(&thief, &first.refresh_token).await.expect_problem(401, "unauthorized");
    assert_ended(&client, &second).await;
    refresh(&client, &second.refresh_token).await.expect_problem(401, "unauthorized");
    assert_goes_on(&client, &other).await;
    let entry = client.activity(&other).await.remove(0);
    assert_eq!((&entry["kind"], &entry["ip"]), (&json!("refresh_token_reused"), &json!("127.0.0.2")));
    assert_eq!(entry["device"]["name"], json!(first.install.name));
    let mail = client.await_mail(ANNA, "signed out", 1).await;
    assert!(mail.contains(&first.install.name) && mail.contains("127.0.0.2"), "{mail}");
    gateway.stop().await;
}

#[actix_web::test]
async fn two_refreshes_at_once_get_the_same_tokens() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let both = join(refresh(&client, &first.refresh_token), refresh(&client, &first.refresh_token)).await;
    let (one, other) = (renewed(&first, both.0), renewed(&first, both.1));
    assert!(one.access_token == other.access_token && one.refresh_token == other.refresh_token);
    assert_goes_on(&client, &one).await;
    gateway.stop().await;
}

/// The key that an unused answer was derived with is gone: another answer, and nobody is signed out.
#[actix_web::test]
async fn a_lost_answer_survives_the_end_of_its_key() {
    let first_key = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let database = TestDatabase::new().await;
    let node =
        |keys: &'static str| TestGateway::on(database.clone(), move |settings| settings.codes.keys = Some(keys.into()));
    let gateway = node(first_key).await;
    let first = gateway.client().new_protected_account(ANNA).await;
    refresh(&gateway.client(), &first.refresh_token).await.expect(200);
    gateway.stop().await;
    let gateway = node("k2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=").await;
    let client = gateway.client();
    let second = renewed(&first, refresh(&client, &first.refresh_token).await);
    assert_goes_on(&client, &second).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn an_expired_refresh_token_buys_nothing() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    gateway.database.age("sessions", "refresh_expires_at", 2_592_000, "true").await;
    refresh(&client, &first.refresh_token).await.expect_problem(401, "unauthorized");
    gateway.stop().await;
}

#[actix_web::test]
async fn only_a_refresh_token_refreshes() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let unknown = format!("ts_rt_{}", &first.access_token["ts_at_".len()..]);
    for token in [first.access_token.as_str(), unknown.as_str(), "ts_rt_", ""] {
        refresh(&client, token).await.expect_problem(401, "unauthorized");
    }
    refresh(&client, &first.refresh_token).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn an_expired_access_token_is_refused_until_it_is_refreshed() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    gateway.database.age("sessions", "access_expires_at", 900, "true").await;
    let refused = client.get("/v1/login-security", &first.access_token).await;
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    refused.expect_problem(401, "unauthorized");
    let second = renewed(&first, refresh(&client, &first.refresh_token).await);
    assert_goes_on(&client, &second).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_session_ends_after_its_longest_life_however_often_it_is_refreshed() {
    let gateway = TestGateway::start_with(|settings| settings.sessions.longest_seconds = 7200).await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    gateway.database.age("sessions", "created_at", 6900, "true").await;
    let second = renewed(&first, refresh(&client, &first.refresh_token).await);
    let left =
        "SELECT extract(epoch FROM greatest(access_expires_at, refresh_expires_at) - now())::bigint FROM sessions";
    let left = gateway.database.count(left).await;
    assert!((200..=300).contains(&left), "{left} s are left of it");
    gateway.database.age("sessions", "created_at", 300, "true").await;
    refresh(&client, &second.refresh_token).await.expect_problem(401, "unauthorized");
    gateway.stop().await;
}

#[actix_web::test]
async fn no_two_tokens_are_alike_and_each_has_256_random_bits() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let mut tokens = vec![first.access_token.clone(), first.refresh_token.clone()];
    for _ in 0..3 {
        let again = client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect(200);
        let again = SignedIn::new(&first.install, &again);
        let next = renewed(&again, refresh(&client, &again.refresh_token).await);
        tokens.extend([again.access_token, again.refresh_token, next.access_token, next.refresh_token]);
    }
    let distinct: std::collections::BTreeSet<&str> = tokens.iter().map(|token| &token["ts_at_".len()..]).collect();
    assert_eq!(distinct.len(), 14);
    // 32 bytes are 43 characters of base64url without padding.
    assert!(distinct.iter().all(|random| random.len() == 43), "{distinct:?}");
    gateway.stop().await;
}

#[actix_web::test]
async fn signing_out_ends_the_session_and_keeps_the_trust() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    client.delete("/v1/sessions/current", &first.access_token).await.expect(204);
    assert_ended(&client, &first).await;
    refresh(&client, &first.refresh_token).await.expect_problem(401, "unauthorized");
    client.delete("/v1/sessions/current", &first.access_token).await.expect_problem(401, "unauthorized");
    let body = client.sign_in(ANNA, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    let again = SignedIn::new(&first.install, &body);
    let kinds: Vec<_> = client.activity(&again).await.iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds[..2], ["sign_in", "sign_out"]);
    gateway.stop().await;
}

/// Removing a device holds the device while it wants its sessions; a refresh must not hold the session while it
/// wants the device.
#[actix_web::test]
async fn a_refresh_and_the_removal_of_its_device_at_once_are_both_answered() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let path = format!("/v1/trusted-devices/{}", first.device_id);
    let remove = calling(&client, &first, async move |client, token| client.delete(&path, &token).await);
    let refresh_token = first.refresh_token.clone();
    let refreshing = calling(&client, &first, async move |client, _| refresh(&client, &refresh_token).await);
    let held = "SELECT FROM trust_tokens FOR UPDATE";
    let (removed, refreshed) = collide(&gateway.database, held, remove, refreshing).await;
    removed.expect(204);
    refreshed.expect_problem(401, "unauthorized");
    gateway.stop().await;
}

/// Changing the password holds the account while it wants the sessions; a sign-out must not hold its session while it
/// wants the account.
#[actix_web::test]
async fn a_sign_out_and_a_new_password_at_once_are_both_answered() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    let other = client.sign_in(ANNA, PASSWORD, &first.install, None).await.expect(200);
    let other = SignedIn::new(&first.install, &other);
    let change = calling(&client, &first, async |client, token| {
        let body = json!({ "current": PASSWORD, "new": "another battery staple" });
        client.post("/v1/login-security/password", &token, body).await
    });
    let sign_out = calling(&client, &other, async |client, token| client.delete("/v1/sessions/current", &token).await);
    let held = "SELECT FROM accounts FOR UPDATE";
    let (changed, signed_out) = collide(&gateway.database, held, change, sign_out).await;
    changed.expect(204);
    signed_out.expect(204);
    assert_goes_on(&client, &first).await;
    gateway.stop().await;
}

/// A call that owns what it needs, with the access token of a device.
fn calling<C, F>(client: &Client, device: &SignedIn, call: C) -> F
where
    C: FnOnce(Client, String) -> F,
    F: Future<Output = Answer> + 'static,
{
    call(client.clone(), device.access_token.clone())
}
