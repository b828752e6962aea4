//! Neither addresses nor codes nor the password reach a log, whatever the mail server says.

use std::io;
use std::sync::{Arc, Mutex};

use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::MakeWriter;
use twostep::domain::account::email::EmailAddress;
use twostep::domain::account::locale::Language;
use twostep::domain::delivery::mail_retry::{MailDelay, MailFault, MailRefusal};
use twostep::providers::mail::{Mail, MailOutcome, Mailer, Smtp, Urgency};
use twostep::settings;
use uuid::Uuid;

use super::server::{MailServer, PASSWORD};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}

pub(super) fn mail() -> Mail {
    let (subject, text, html) = ("Your code".to_owned(), "123 456\n".to_owned(), "<p>123 456</p>".to_owned());
    let (id, to) = (Uuid::now_v7(), EmailAddress::parse("anna@example.com").expect("valid"));
    Mail { id, urgency: Urgency::Code, to, language: Language::English, subject, text, html }
}

async fn send_through_all_weathers() {
    let mut server = MailServer::start().await;
    let mut settings = settings::defaults().expect("valid");
    server.configure(&mut settings);
    let smtp = Smtp::open(&settings.mail, &settings.smtp).expect("set up").expect("configured");
    // The server repeats the address in what it says.
    server.script(&["accept", "rcpt 550", "rcpt 451", "drop"]).await;
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        outcomes.push(smtp.send(&mail()).await);
    }
    settings.smtp.password = Some(format!("{PASSWORD}-not").into());
    let stranger = Smtp::open(&settings.mail, &settings.smtp).expect("set up").expect("configured");
    outcomes.push(stranger.send(&mail()).await);
    assert_eq!(
        outcomes,
        [
            MailOutcome::Accepted,
            MailOutcome::Rejected(MailRefusal::Address),
            MailOutcome::RetryLater(MailDelay::TryLater),
            MailOutcome::RetryLater(MailDelay::ConnectionLost),
            MailOutcome::Misconfigured(MailFault::AuthenticationRefused),
        ]
    );
    tracing::info!("all weathers were seen");
}

#[actix_web::test]
async fn logs_hold_no_secret_of_mail() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_env_filter("trace").with_writer(log.clone()).finish();
    Box::pin(send_through_all_weathers()).with_subscriber(subscriber).await;
    let log = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("UTF-8");
    assert!(log.contains("all weathers were seen"), "{log}");
    // The password also as AUTH PLAIN carries it.
    for secret in ["anna", "123 456", "123456", PASSWORD, "AGdhdGV3YXk"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
