//! The main job, end to end.

use crate::support::client::{SignedIn, wrong};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn a_code_travels_from_a_new_device_to_the_trusted_ones_and_back() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let first = client.new_protected_account("anna@example.com").await;
    let mut screen = client.connect(&first).await;
    let second = client.trust_another("anna@example.com", &mut screen, "Second").await;
    assert!(second.trust_token.is_some());
    screen.next_of("challenge_closed").await;
    let mut other_screen = client.connect(&second).await;

    let install = crate::support::client::Install::new("Third");
    let challenge = client.begin_sign_in("anna@example.com", &install).await;
    assert_eq!(challenge.body["destination"], 2);
    let code = screen.code_of(&challenge.id).await;
    assert_eq!(code, other_screen.code_of(&challenge.id).await);
    let refused = client.verify(&challenge, &wrong(&code)).await.expect_problem(422, "wrong_code");
    assert_eq!(refused["attempts_left"], 4);
    let third = SignedIn::new(&install, &client.verify(&challenge, &code).await.expect(200));

    let again = client
        .sign_in("anna@example.com", crate::support::client::PASSWORD, &install, third.trust_token.as_deref())
        .await;
    assert_eq!(again.expect(200)["status"], "signed_in");
    gateway.app.stop().await;
}
