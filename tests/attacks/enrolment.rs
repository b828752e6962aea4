//! Turning two-step verification on: nobody's guesses lock it.

use serde_json::json;

use super::{ANNA, change_password};
use crate::support::client::{Challenge, wrong};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn spent_guesses_at_the_code_that_turns_it_on_freeze_nothing_and_a_new_password_brings_them_back() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let owner = client.new_account(ANNA).await;
    let (path, on) = ("/v1/login-security/two-step", json!({ "enabled": true }));
    let challenge = Challenge::new(&client.post(path, &owner.access_token, on.clone()).await.expect(202));
    let code = client.mailed_code(ANNA, "Turn on").await;
    client.verify(&challenge, &wrong(&code)).await.expect_problem(422, "wrong_code");
    let kinds = "SELECT count(*) FROM code_budgets WHERE kind = 'enabling' AND failures = 1";
    assert_eq!(gateway.database.count(kinds).await, 1);
    assert_eq!(gateway.database.count("SELECT count(*) FROM code_budgets WHERE kind = 'account'").await, 0);

    gateway.database.execute("UPDATE code_budgets SET failures = 100").await;
    client.verify(&challenge, &code).await.expect_problem(403, "account_frozen");
    let refused = client.post(path, &owner.access_token, on.clone()).await.expect_problem(403, "account_frozen");
    assert!(refused["detail"].as_str().is_some_and(|text| text.contains("Change your password")), "{refused}");
    change_password(&client, &owner, "another battery staple").await.expect(204);
    let challenge = Challenge::new(&client.post(path, &owner.access_token, on).await.expect(202));
    client.await_mail(ANNA, "Turn on", 2).await;
    let code = client.mailed_code(ANNA, "Turn on").await;
    client.verify(&challenge, &code).await.expect(200);
    client.await_mail(ANNA, "verification is on", 1).await;
    gateway.stop().await;
}
