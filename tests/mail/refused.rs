//! Mail that is refused for good: said at once, and not tried again.

use serde_json::json;
use twostep::providers::mail::SmtpTls;

use super::server::Speaks;
use super::stage::{EMAIL, Stage};

#[actix_web::test]
async fn a_refused_mail_is_told_and_another_method_still_works() {
    let no_mailbox =
        ["rcpt 550", "rcpt 554", "rcpt 550 5.1.1", "rcpt 550 5.1.2", "rcpt 550 no such user at relay.example.com"]
            .map(|refusal| (refusal, "mail_refused"));
    let full = ["rcpt 552", "rcpt 552 5.2.2", "rcpt 550 5.2.2"].map(|refusal| (refusal, "mailbox_full"));
    let spam = ["data 550", "data 554 5.7.1"].map(|refusal| (refusal, "mail_message_refused"));
    let relay = ["rcpt 554 5.7.1", "rcpt 550 5.7.54", "rcpt 550 relay not permitted"];
    let relay = relay.map(|refusal| (refusal, "mail_failed"));
    for (refusal, code) in no_mailbox.into_iter().chain(full).chain(spam).chain(relay) {
        let mut stage = Stage::set().await;
        stage.server.script(&[refusal]).await;
        let challenge = stage.sign_in_by_mail().await;
        stage.hint(&challenge, code).await;
        assert_eq!(stage.due().await, 0);

        stage.gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
        let mut screen = stage.client.connect(&stage.trusted).await;
        let body = json!({ "method": "app" });
        stage.client.post(&challenge.path("/resend"), &challenge.token, body).await.expect(202);
        let code = screen.code_of_generation(&challenge.id, 3).await;
        // The next one tells of the sign-in.
        assert_eq!(stage.server.tries().len(), 1, "{refusal}");
        stage.verify_and_see_nothing_more(&challenge, &code, 0).await;
    }
}

#[actix_web::test]
async fn a_mail_is_asked_for_again_after_a_refusal() {
    let mut stage = Stage::set().await;
    stage.server.script(&["rcpt 550"]).await;
    let challenge = stage.sign_in_by_mail().await;
    stage.hint(&challenge, "mail_refused").await;
    stage.gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
    stage.resend_by_mail(&challenge).await.expect(202);
    // The same connection served both.
    let code = stage.server.mail(EMAIL, "sign-in code").await.code();
    stage.hint(&challenge, "mail_accepted").await;
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
}

#[actix_web::test]
async fn a_server_without_starttls_is_told_nothing() {
    let clear = Speaks { tls: SmtpTls::None, authentication: false, ..Speaks::default() };
    let stage = Stage::set_speaking(clear, |settings| settings.smtp.tls = SmtpTls::Starttls).await;
    let challenge = stage.sign_in_by_mail().await;
    let hint = stage.hint(&challenge, "mail_failed").await;
    assert!(hint["text"].as_str().is_some_and(|text| text.contains("to blame")), "{hint}");
    assert!(stage.server.tries().is_empty());
    assert_eq!(stage.due().await, 0);
    let detail = "SELECT count(*) FROM deliveries WHERE state = 'failed' AND detail = 'no_starttls'";
    assert_eq!(stage.gateway.database.count(detail).await, 1);
}

#[actix_web::test]
async fn a_wrong_password_or_sender_is_ours_to_mend() {
    let stage = Stage::set_with(|settings| settings.smtp.password = Some("wrong".to_owned().into())).await;
    let challenge = stage.sign_in_by_mail().await;
    stage.hint(&challenge, "mail_failed").await;
    assert!(stage.server.tries().is_empty());

    let mut stage = Stage::set().await;
    stage.server.script(&["mail 550"]).await;
    let challenge = stage.sign_in_by_mail().await;
    stage.hint(&challenge, "mail_failed").await;
    let detail = "SELECT count(*) FROM deliveries WHERE state = 'failed' AND detail = 'sender_refused'";
    assert_eq!(stage.gateway.database.count(detail).await, 1);
}
