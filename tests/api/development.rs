//! `/dev/outbox`, and that production has none.

use reqwest::Method;
use twostep::settings::Mode;

use super::ANNA;
use crate::support::client::Install;
use crate::support::gateway::TestGateway;

const CODE_KEYS: &str = "test:7Zk8nq0fXy1w4r5Qm3uV9sT2bL6hJgEoPcDaKiNxRzA=";

#[actix_web::test]
async fn the_outbox_shows_mail_to_people_and_programs() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.create_account(ANNA, &Install::new("<b>First</b>")).await.expect(202);
    let text = client.await_mail(ANNA, "Confirm", 1).await;
    // Anybody may ask in the name of any address: our mail does not carry their words.
    assert!(text.contains("from 127.0.0.1") && !text.contains("First"), "{text}");
    let message = client.mails(ANNA, "").await.remove(0);
    for field in ["id", "to", "from", "subject", "text", "html", "at"] {
        assert!(message[field].is_string(), "{field} of {message}");
    }
    let page = client.send(Method::GET, "/dev/outbox", None, None).await;
    assert!(page.headers["content-security-policy"].to_str().is_ok_and(|policy| policy.contains("default-src 'none'")));
    let html = page.expect(200);
    let html = html.as_str().expect("a page");
    assert!(html.contains("Confirm your email address"), "{html}");
    assert!(!html.contains("<b>"), "{html}");
    gateway.stop().await;
}

#[actix_web::test]
async fn production_has_no_outbox() {
    let gateway = TestGateway::start_with(|settings| {
        settings.mode = Mode::Production;
        settings.codes.keys = Some(CODE_KEYS.to_owned().into());
    })
    .await;
    let client = gateway.client();
    client.create_account(ANNA, &Install::new("First")).await.expect(202);
    for path in ["/dev/outbox", "/dev/outbox.json"] {
        client.send(Method::GET, path, None, None).await.expect_problem(404, "not_found");
    }
    gateway.stop().await;
}

#[actix_web::test]
async fn the_outbox_is_shown_to_nobody_who_comes_by_another_name() {
    let gateway = TestGateway::start().await;
    let http = reqwest::Client::new();
    for (host, status) in [("evil.example", 403), ("localhost:8080", 200), ("[::1]:8080", 200)] {
        let asked = http.get(format!("{}/dev/outbox.json", gateway.url())).header("host", host);
        assert_eq!(asked.send().await.expect("an answer").status().as_u16(), status, "{host}");
    }
    gateway.stop().await;
}
