//! `twostep doctor` and the mail server: what is wrong, and how to mend it, without a mail being sent.

use twostep::domain::delivery::mail_retry::{MailDelay, MailFault};
use twostep::providers::mail::{MailCheckError, MailOutcome, Smtp, SmtpTls};
use twostep::settings::{self, Settings};

use super::server::{MailServer, Speaks};

async fn check(server: &MailServer, change: impl FnOnce(&mut Settings)) -> Result<(), MailCheckError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = settings::defaults().expect("valid");
    server.configure(&mut settings);
    change(&mut settings);
    Smtp::open(&settings.mail, &settings.smtp).expect("set up").expect("configured").check().await
}

/// The complaint with its remedy, which names a setting.
async fn complaint(server: &MailServer, outcome: MailOutcome, change: impl FnOnce(&mut Settings)) -> String {
    let error = check(server, change).await.expect_err("something is wrong");
    assert_eq!(error.outcome, outcome, "{error}");
    format!("{error} → {}", error.mend())
}

#[actix_web::test]
async fn all_is_well_without_a_mail() {
    for tls in [SmtpTls::Starttls, SmtpTls::Implicit] {
        let server = MailServer::start_speaking(Speaks { tls, ..Speaks::default() }).await;
        check(&server, |_| {}).await.expect("all is well");
        assert_eq!(server.tries().len(), 1, "it asked whether mail may come from the no-reply address");
        assert!(server.mails("anybody@example.com").is_empty());
    }
}

#[actix_web::test]
async fn each_fault_is_named_with_its_remedy() {
    let server = MailServer::start().await;
    let clear = Speaks { tls: SmtpTls::None, authentication: false, ..Speaks::default() };
    let clear = MailServer::start_speaking(clear).await;
    let misconfigured = MailOutcome::Misconfigured;

    let fault = misconfigured(MailFault::AuthenticationRefused);
    let said = complaint(&server, fault, |settings| settings.smtp.password = Some("wrong".to_owned().into())).await;
    assert!(said.contains("TWOSTEP__SMTP__PASSWORD") && !said.contains("wrong"), "{said}");

    let fault = misconfigured(MailFault::AuthenticationRefused);
    let nobody = |settings: &mut Settings| (settings.smtp.username, settings.smtp.password) = (None, None);
    complaint(&server, fault, nobody).await;

    let fault = misconfigured(MailFault::NoStarttls);
    let said = complaint(&clear, fault, |settings| settings.smtp.tls = SmtpTls::Starttls).await;
    assert!(said.contains("offers no STARTTLS") && said.contains("smtp.tls"), "{said}");

    let fault = misconfigured(MailFault::AuthenticationUnavailable);
    complaint(&clear, fault, |_| {}).await;

    let fault = misconfigured(MailFault::CertificateRefused);
    let said = complaint(&server, fault, |settings| settings.smtp.trust_root_file = None).await;
    assert!(said.contains("smtp.trust_root_file"), "{said}");

    // The certificate is for localhost.
    let fault = misconfigured(MailFault::CertificateRefused);
    complaint(&server, fault, |settings| settings.smtp.host = Some("127.0.0.1".to_owned())).await;
}

#[actix_web::test]
async fn a_server_that_is_away_silent_or_picky_is_told_apart() {
    let mut server = MailServer::start().await;
    let away = MailOutcome::RetryLater(MailDelay::ConnectionLost);
    let said = complaint(&server, away, |settings| settings.smtp.port = 1).await;
    assert!(said.contains("localhost:1 cannot be reached"), "{said}");

    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let timed_out = MailOutcome::RetryLater(MailDelay::TimedOut);
    complaint(&server, timed_out, |settings| (settings.smtp.port, settings.smtp.timeout_ms) = (port, 200)).await;

    server.script(&["mail 550", "mail 451"]).await;
    let said = complaint(&server, MailOutcome::Misconfigured(MailFault::SenderRefused), |_| {}).await;
    assert!(said.contains("mail.from"), "{said}");
    complaint(&server, MailOutcome::RetryLater(MailDelay::TryLater), |_| {}).await;
}
