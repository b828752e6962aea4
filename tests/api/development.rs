//! `/dev/outbox`, and that production has none.

use std::os::unix::fs::PermissionsExt;

use reqwest::Method;
use twostep::settings::{Mode, Settings};

use super::ANNA;
use crate::support::client::{Call, Install};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

const CODE_KEYS: &str = "test:7Zk8nq0fXy1w4r5Qm3uV9sT2bL6hJgEoPcDaKiNxRzA=";

#[actix_web::test]
async fn the_outbox_shows_mail_to_people_and_programs() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.create_account(ANNA, &Install::new("<b>First</b>")).await.expect(202);
    let text = client.await_mail(ANNA, "Confirm", 1).await;
    // Anybody may ask in the name of any address: our mail does not carry their words.
    assert!(text.contains("IP address: 127.0.0.1") && !text.contains("First"), "{text}");
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
    for (host, status) in [
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("", 403),
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("[::1]", 200),
    ] {
        for path in ["/dev/outbox.json", "/dev/outbox"] {
            let asked = http.get(format!("{}{path}", gateway.url())).header("host", host);
            assert_eq!(asked.send().await.expect("an answer").status().as_u16(), status, "{host} {path}");
        }
    }
    gateway.stop().await;
}

/// A proxy on this machine, listed or not, passes on what others ask; what they say of themselves is not believed.
#[actix_web::test]
async fn the_outbox_is_shown_to_nobody_through_a_proxy() {
    let listed =
        |settings: &mut Settings| settings.http.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    for gateway in [TestGateway::start().await, TestGateway::start_with(listed).await] {
        for (name, value) in [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-for", ""),
            ("forwarded", "for=127.0.0.1"),
            ("x-real-ip", "127.0.0.1"),
            ("via", "1.1 proxy"),
        ] {
            for path in ["/dev/outbox.json", "/dev/outbox"] {
                let call = Call { method: Method::GET, path, token: None };
                let refused = gateway.client().send_with(&call, &[(name, value)], None).await;
                refused.expect_problem(403, "forbidden");
            }
        }
        gateway.client().send(Method::GET, "/dev/outbox.json", None, None).await.expect(200);
        gateway.stop().await;
    }
}

/// The public keys of assertions are derived from the code key: from a key that is computed, anybody could tell by trying what it was
/// computed from.
#[actix_web::test]
async fn the_code_key_of_development_is_random_and_kept_beside_the_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::new().await;
    let public_keys = async |data_dir: &str| {
        let data_dir = folder.path().join(data_dir);
        let gateway =
            TestGateway::on(database.clone(), |settings| settings.database.data_dir.clone_from(&data_dir)).await;
        let keys = gateway.client().send(Method::GET, "/.well-known/jwks.json", None, None).await.expect(200);
        gateway.stop().await;
        let mode = std::fs::metadata(data_dir.join("code-keys")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        keys
    };
    let first = public_keys("one").await;
    assert_eq!(public_keys("one").await, first, "a restart knows open codes");
    let other = public_keys("two").await;
    assert_ne!(other["keys"][0]["x"], first["keys"][0]["x"], "the database's address decides nothing");
    assert_ne!(other["keys"][0]["kid"], first["keys"][0]["kid"], "a node that lacks a key says so");
}
