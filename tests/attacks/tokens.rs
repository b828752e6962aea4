//! Trust tokens: one chain a device, whoever has a copy.

use futures_util::future::join_all;
use serde_json::json;

use super::{ANNA, assert_ended};
use crate::support::client::{Client, Install, PASSWORD, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

async fn again(client: &Client, device: &SignedIn, token: Option<&str>) -> SignedIn {
    SignedIn::new(&device.install, &client.sign_in(ANNA, PASSWORD, &device.install, token).await.expect(200))
}

#[actix_web::test]
async fn six_uses_at_once_on_two_nodes_have_one_successor() {
    let database = TestDatabase::new().await;
    let keys = |settings: &mut twostep::settings::Settings| {
        settings.codes.keys = Some("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".into());
    };
    let nodes = [TestGateway::on(database.clone(), keys).await, TestGateway::on(database, keys).await];
    let owner = nodes[0].client().new_protected_account(ANNA).await;
    let uses = (0..6).map(|number| {
        let (client, owner) = (nodes[number % 2].client(), owner.clone());
        async move { again(&client, &owner, owner.trust_token.as_deref()).await.trust_token.expect("trusted") }
    });
    let mut successors = join_all(uses).await;
    successors.dedup();
    assert_eq!(successors.len(), 1, "the same one for all");
    for node in nodes {
        node.stop().await;
    }
}

#[actix_web::test]
async fn a_lost_answer_is_given_again_until_its_token_was_used_and_then_it_is_theft() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let owner = client.new_protected_account(ANNA).await;
    let first = again(&client, &owner, owner.trust_token.as_deref()).await;
    // However late: nobody used what came of it.
    gateway.database.age("trust_tokens", "replaced_at", 86_400, "replaced_at IS NOT NULL").await;
    let repeated = again(&client, &owner, owner.trust_token.as_deref()).await;
    assert_eq!(first.trust_token, repeated.trust_token);
    let next = again(&client, &owner, first.trust_token.as_deref()).await;
    // Two tabs at once.
    let tab = again(&client, &owner, owner.trust_token.as_deref()).await;
    assert_eq!(tab.trust_token, first.trust_token);

    gateway.database.age("trust_tokens", "used_at", 31, "used_at IS NOT NULL").await;
    client.sign_in(ANNA, PASSWORD, &owner.install, owner.trust_token.as_deref()).await.expect(202);
    client.sign_in(ANNA, PASSWORD, &owner.install, next.trust_token.as_deref()).await.expect(202);
    assert_ended(&client, &next).await;
    client.await_mail(ANNA, "signed out", 1).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_push_address_that_somebody_knows_stays_with_its_device() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (anna, ben) = (client.new_protected_account(ANNA).await, client.new_account("ben@example.com").await);
    let push = json!({ "push": { "provider": "fcm", "token": "a-token-that-ben-read-somewhere" } });
    for device in [&anna, &ben] {
        client.patch("/v1/devices/current", &device.access_token, push.clone()).await.expect(200);
    }
    let holders = "SELECT count(*) FROM devices WHERE push_address IS NOT NULL";
    assert_eq!(gateway.database.count(holders).await, 2);
    // Nor does another session of the same account take it away.
    let install = Install::new("Another");
    client.sign_in("ben@example.com", PASSWORD, &install, None).await.expect(200);
    assert_eq!(gateway.database.count(holders).await, 2);
    gateway.stop().await;
}
