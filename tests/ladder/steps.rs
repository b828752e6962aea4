//! The ladder's steps: connection, receipt, push, and what its holder reads about them.

use super::stage::{Stage, apns_token, hints, of_channel, say_shown, silent_code, texts};

#[actix_web::test]
async fn one_sign_in_reaches_connected_and_sleeping_devices_once_each() {
    let stage = Stage::start().await;
    let (android, ios) = (stage.trust("Android").await, stage.trust("iPhone").await);
    stage.register(&stage.owner, "fcm", "owner").await;
    stage.register(&android, "fcm", "android").await;
    stage.register(&ios, "apns", &apns_token(1)).await;
    let mut screen = stage.client.connect(&stage.owner).await;

    let challenge = stage.ask().await;
    assert_eq!(challenge.body["destination"], 3);
    let shown = silent_code(&mut screen, &challenge).await;
    say_shown(&mut screen, &shown, true).await;
    let at_fcm = stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    let at_apns = stage.providers.wait_for_apns(&challenge, "code", 1).await;
    assert_eq!(at_fcm[0].data("code"), shown["code"].as_str());
    assert_eq!(at_apns[0].payload["code"], shown["code"]);

    // A later code that the owner stays silent about: its push would be behind one of the first code.
    let silent = stage.ask().await;
    silent_code(&mut screen, &silent).await;
    stage.providers.wait_for_fcm(&silent, "code", 2).await;
    stage.providers.wait_for_apns(&silent, "code", 1).await;
    let targets = |challenge| {
        let mut targets: Vec<_> =
            stage.providers.at_fcm(challenge, "code").iter().map(|one| one.target.clone()).collect();
        targets.sort();
        targets
    };
    assert_eq!(targets(&challenge), ["android"], "who said that the code is shown gets no push");
    assert_eq!(targets(&silent), ["android", "owner"], "who stays silent gets one");
    assert_eq!(stage.providers.at_apns(&challenge, "code").len(), 1);
    screen.expect_nothing().await;
    stage.end().await;
}

#[actix_web::test]
async fn the_holder_reads_what_was_handed_on_what_was_shown_and_what_was_answered() {
    let stage = Stage::start().await;
    let ios = stage.trust("iPhone").await;
    stage.register(&ios, "apns", &apns_token(1)).await;
    let mut screen = stage.client.connect(&stage.owner).await;

    let challenge = stage.ask().await;
    let code = silent_code(&mut screen, &challenge).await;
    // Two steps of their own: which is written down first is open.
    let is_accepted = |status: &serde_json::Value, channel| {
        of_channel(status, channel).iter().any(|delivery| delivery["state"] == "accepted")
    };
    let sent = stage.status(&challenge, |status| is_accepted(status, "websocket") && is_accepted(status, "apns")).await;
    let over_connection = of_channel(&sent, "websocket");
    let is_to_owner = |delivery: &&&serde_json::Value| delivery["state"] == "accepted";
    let to_owner = over_connection.iter().find(is_to_owner).expect("one to the owner");
    assert!(to_owner["accepted_at"].is_string() && to_owner["receipt_at"].is_null(), "{to_owner}");
    let to_ios = of_channel(&sent, "apns")[0];
    assert!(to_ios["accepted_at"].is_string() && to_ios["receipt_at"].is_null(), "{to_ios}");
    let (owner, phone) = (&to_owner["destination"], &to_ios["destination"]);
    assert!(
        texts(&sent).contains(&format!("Trusted device {owner}: sent over its connection, no answer yet").as_str())
    );
    assert!(texts(&sent).contains(&format!("Trusted device {phone}: handed to Apple, no answer yet").as_str()));
    assert!(!sent.to_string().contains("iPhone"), "devices are not named: {sent}");
    assert_eq!(sent["answered"], false);
    assert_eq!(hints(&sent)[..2], ["waiting_for_device", "handed_to_provider"]);

    say_shown(&mut screen, &code, true).await;
    let is_shown = |status: &serde_json::Value| hints(status).contains(&"shown_on_trusted_device");
    let shown = stage.status(&challenge, is_shown).await;
    assert!(texts(&shown).contains(&format!("Trusted device {owner}: shown").as_str()), "{shown}");
    let receipts = shown["deliveries"].as_array().expect("a list").iter().filter(|one| one["receipt_at"].is_string());
    assert_eq!((receipts.count(), &shown["answered"]), (1, &serde_json::json!(false)));

    stage.client.verify(&challenge, code["code"].as_str().expect("a code")).await.expect(200);
    let answered = stage.status(&challenge, |status| status["state"] == "verified").await;
    assert_eq!(answered["answered"], true);
    stage.end().await;
}

#[actix_web::test]
async fn a_code_that_could_not_be_shown_is_pushed_at_once() {
    let window_ms = 30_000;
    let stage = Stage::start_with(|settings| settings.delivery.receipt_window_ms = window_ms).await;
    stage.register(&stage.owner, "fcm", "owner").await;
    let mut screen = stage.client.connect(&stage.owner).await;
    let challenge = stage.ask().await;
    let code = silent_code(&mut screen, &challenge).await;
    say_shown(&mut screen, &code, false).await;
    // The deadline of a test is shorter than the window.
    stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    let status = stage.status_when(&challenge, "fcm", "accepted").await;
    assert_eq!(of_channel(&status, "websocket")[0]["state"], "not_shown");
    stage.end().await;
}

#[actix_web::test]
async fn a_code_that_could_not_be_shown_rests_where_no_provider_knows_the_device() {
    let stage = Stage::start().await;
    let mut screen = stage.client.connect(&stage.owner).await;
    let challenge = stage.ask().await;
    let code = silent_code(&mut screen, &challenge).await;
    say_shown(&mut screen, &code, false).await;
    stage.status_when(&challenge, "websocket", "not_shown").await;
    let due = "SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL";
    stage.gateway.database.await_count(due, 0).await;
    stage.end().await;
}

#[actix_web::test]
async fn a_code_that_came_with_a_new_connection_is_pushed_when_nobody_says_it_is_shown() {
    let stage = Stage::start_with(|settings| settings.delivery.receipt_window_ms = 1_000).await;
    stage.register(&stage.owner, "fcm", "owner").await;
    let mut screen = stage.client.connect(&stage.owner).await;
    let challenge = stage.ask().await;
    silent_code(&mut screen, &challenge).await;
    let mut newer = stage.client.connect(&stage.owner).await;
    silent_code(&mut newer, &challenge).await;
    stage.providers.wait_for_fcm(&challenge, "code", 1).await;
    stage.end().await;
}
