//! Mail that arrives: what it says and what it carries, and that it comes once.

use twostep::providers::mail::SmtpTls;

use super::server::{MailServer, Speaks};
use super::stage::{EMAIL, Stage};
use crate::support::client::{Challenge, Install, SignedIn};
use crate::support::gateway::TestGateway;

#[actix_web::test]
async fn a_code_travels_by_mail_and_back() {
    let stage = Stage::set().await;
    let challenge = stage.sign_in_by_mail().await;
    let mail = stage.server.mail(EMAIL, "sign-in code").await;
    let hint = stage.hint(&challenge, "mail_accepted").await;
    let text = hint["text"].as_str().expect("text");
    assert!(text.contains("spam") && text.contains("no-reply@example.com"), "{text}");

    let code = mail.code();
    let grouped = format!("{} {}", &code[..3], &code[3..]);
    assert!(mail.html().contains(&format!("<strong>{grouped}</strong>")), "{}", mail.html());
    for part in ["New phone (Model)", "127.0.0.1", "UTC", "Expires in 10 minutes", "If this wasn’t you", "to Twostep"]
    {
        assert!(mail.text().contains(part) && mail.html().contains(part), "{part} is missing: {}", mail.text());
    }
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
}

#[actix_web::test]
async fn a_mail_says_that_no_person_wrote_it_and_tracks_nobody() {
    let stage = Stage::set().await;
    stage.sign_in_by_mail().await;
    let mail = stage.server.mail(EMAIL, "sign-in code").await;
    assert_eq!(mail.sender(), "no-reply@example.com");
    assert_eq!(mail.header("from"), Some("Example <no-reply@example.com>"));
    assert_eq!(mail.header("to"), Some(EMAIL));
    assert_eq!(mail.header("auto-submitted"), Some("auto-generated"));
    let id = mail.header("message-id").expect("an id");
    assert!(id.starts_with('<') && id.ends_with("@example.com>"), "{id}");
    assert!(mail.header("date").is_some() && mail.header("list-unsubscribe").is_none());
    assert!(!mail.html().contains("http") && !mail.html().contains("<img"), "{}", mail.html());
}

#[actix_web::test]
async fn nothing_is_said_before_the_line_is_encrypted_and_the_gateway_known() {
    for tls in [SmtpTls::Starttls, SmtpTls::Implicit] {
        let stage = Stage::set_speaking(Speaks { tls, ..Speaks::default() }, |_| {}).await;
        stage.sign_in_by_mail().await;
        stage.server.mail(EMAIL, "sign-in code").await;
        let tries = stage.server.tries();
        assert_eq!(tries.len(), 1);
        assert!(tries[0]["encrypted"] == true && tries[0]["authenticated"] == true, "{tries:?}");
    }
}

#[actix_web::test]
async fn an_account_is_made_and_protected_over_smtp_in_the_clear_to_this_machine() {
    let speaks = Speaks { tls: SmtpTls::None, authentication: false, ..Speaks::default() };
    let server = MailServer::start_speaking(speaks).await;
    let gateway = TestGateway::start_with(|settings| {
        server.configure(settings);
        (settings.smtp.username, settings.smtp.password) = (None, None);
    })
    .await;
    let (client, install) = (gateway.client(), Install::new("First"));
    let challenge = Challenge::new(&client.create_account(EMAIL, &install).await.expect(202));
    let code = server.mail(EMAIL, "Confirm").await.code();
    let first = SignedIn::new(&install, &client.verify(&challenge, &code).await.expect(200));
    let body = serde_json::json!({ "enabled": true });
    let begun = client.post("/v1/login-security/two-step", &first.access_token, body).await.expect(202);
    let code = server.mail(EMAIL, "Turn on").await.code();
    assert_eq!(client.verify(&Challenge::new(&begun), &code).await.expect(200)["status"], "two_step_enabled");
    // There is an outbox only where no mail server is configured.
    let outbox = client.send(reqwest::Method::GET, "/dev/outbox.json", None, None).await;
    outbox.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn a_mail_that_was_accepted_is_not_sent_again_when_nobody_could_write_that_down() {
    let stage = Stage::set().await;
    let challenge = stage.sign_in_by_mail().await;
    let code = stage.server.mail(EMAIL, "sign-in code").await.code();
    stage.hint(&challenge, "mail_accepted").await;
    let forgotten = format!(
        "UPDATE deliveries SET state = 'pending', due_at = now(), claimed_by = NULL
        WHERE challenge_id = '{}' AND channel = 'email'",
        challenge.id
    );
    stage.gateway.database.execute(&forgotten).await;
    // The sweeper takes it up again and finds that the server has it.
    stage.hint(&challenge, "mail_accepted").await;
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
    assert_eq!(stage.server.tries().len(), 1);
}

#[actix_web::test]
async fn addresses_in_other_alphabets_need_a_server_that_knows_them() {
    for smtputf8 in [true, false] {
        let server = MailServer::start_speaking(Speaks { smtputf8, ..Speaks::default() }).await;
        let gateway = TestGateway::start_with(|settings| server.configure(settings)).await;
        let (client, email) = (gateway.client(), "zoé@example.com");
        let body = client.create_account(email, &Install::new("First")).await.expect(202);
        let challenge = Challenge::new(&body);
        if smtputf8 {
            let code = server.mail(email, "Confirm").await.code();
            client.verify(&challenge, &code).await.expect(200);
        } else {
            let is_refused = |status: &serde_json::Value| status["deliveries"][0]["state"] == "failed";
            let status = super::stage::status_when(&client, &challenge, is_refused).await;
            assert_eq!(status["hints"][0]["code"], "mail_address_unsupported");
            assert!(server.tries().is_empty());
        }
    }
}
