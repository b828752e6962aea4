//! `GET /v1/sessions`, and ending sessions from there.

use super::sessions::refresh;
use super::{ANNA, BEN, assert_ended, assert_goes_on};
use crate::support::client::{Client, Install, PASSWORD, SignedIn};
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

/// The sessions that a device sees: whose device, trusted or not, its own or not.
async fn seen_by(client: &Client, device: &SignedIn) -> Vec<(String, bool, bool)> {
    let sessions = client.get("/v1/sessions", &device.access_token).await.expect(200)["sessions"].clone();
    let mut seen: Vec<_> = sessions.as_array().expect("a list").iter().map(seen).collect();
    seen.sort();
    seen
}

fn seen(session: &serde_json::Value) -> (String, bool, bool) {
    let name = session["device"]["name"].as_str().expect("a name").to_owned();
    (name, session["device"]["trusted"] == true, session["this_session"] == true)
}

async fn session_of(client: &Client, device: &SignedIn) -> String {
    let sessions = client.get("/v1/sessions", &device.access_token).await.expect(200)["sessions"].clone();
    let own = sessions.as_array().expect("a list").iter().find(|session| session["this_session"] == true);
    own.expect("its own")["id"].as_str().expect("an id").to_owned()
}

/// A trusted device, another one with its connection, and one that verified without being trusted.
async fn three_devices(client: &Client) -> (SignedIn, (SignedIn, Socket), SignedIn) {
    let owner = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&owner).await;
    let tablet = client.trust_another(ANNA, &mut screen, "Tablet").await;
    let tablet_screen = client.connect(&tablet).await;
    let install = Install::new("Library");
    let begun = client.begin_sign_in(ANNA, &install).await;
    let code = screen.code_of(&begun.id).await;
    let guest = client.sign_in_with_code(&begun, &code, &install, false).await;
    (owner, (tablet, tablet_screen), guest)
}

#[actix_web::test]
async fn every_session_is_seen_and_ended_singly() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (owner, (tablet, mut screen), guest) = three_devices(&client).await;
    let expected = |own: &str| -> Vec<_> {
        [("First", true), ("Library", false), ("Tablet", true)]
            .map(|(name, trusted)| (name.to_owned(), trusted, name == own))
            .to_vec()
    };
    assert_eq!(seen_by(&client, &owner).await, expected("First"));
    assert_eq!(seen_by(&client, &guest).await, expected("Library"));

    // Who could not be told from an intruder signs nobody else out.
    let of_tablet = format!("/v1/sessions/{}", session_of(&client, &tablet).await);
    client.delete(&of_tablet, &guest.access_token).await.expect_problem(403, "device_not_trusted");
    client.delete("/v1/sessions", &guest.access_token).await.expect_problem(403, "device_not_trusted");

    client.delete(&of_tablet, &owner.access_token).await.expect(204);
    assert_ended(&client, &tablet).await;
    refresh(&client, &tablet.refresh_token).await.expect_problem(401, "unauthorized");
    assert_eq!(screen.close_code().await, 4401);
    client.delete(&of_tablet, &owner.access_token).await.expect_problem(404, "not_found");
    let entry = client.activity(&owner).await.remove(0);
    assert_eq!([&entry["kind"], &entry["about"]], ["session_ended", "Tablet"]);
    // The trust stays: it signs in again without a code.
    client.sign_in(ANNA, PASSWORD, &tablet.install, tablet.trust_token.as_deref()).await.expect(200);

    // Its own, whoever asks.
    let own = format!("/v1/sessions/{}", session_of(&client, &guest).await);
    client.delete(&own, &guest.access_token).await.expect(204);
    assert_ended(&client, &guest).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn a_session_of_another_account_is_not_there() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (anna, ben) = (client.new_account(ANNA).await, client.new_account(BEN).await);
    let of_ben = format!("/v1/sessions/{}", session_of(&client, &ben).await);
    client.delete(&of_ben, &anna.access_token).await.expect_problem(404, "not_found");
    client.delete("/v1/sessions", &anna.access_token).await.expect(204);
    assert_goes_on(&client, &ben).await;
    gateway.stop().await;
}

/// "All others" means sessions, also of devices that are in no list of trusted ones.
#[actix_web::test]
async fn all_others_end_by_either_list() {
    for path in ["/v1/sessions", "/v1/trusted-devices"] {
        let gateway = TestGateway::start().await;
        let client = gateway.client();
        let (owner, (tablet, mut screen), guest) = three_devices(&client).await;
        let second = client.sign_in(ANNA, PASSWORD, &owner.install, owner.trust_token.as_deref()).await.expect(200);
        let second = SignedIn::new(&owner.install, &second);
        let answer = client.delete(path, &owner.access_token).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.status);
        for over in [&tablet, &guest, &second] {
            assert_ended(&client, over).await;
        }
        let code = if path == "/v1/sessions" { 4401 } else { 4403 };
        assert_eq!(screen.close_code().await, code);
        assert_eq!(seen_by(&client, &owner).await, [("First".to_owned(), true, true)]);
        gateway.stop().await;
    }
}
