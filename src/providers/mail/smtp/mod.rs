//! SMTP submission (RFC 6409): one try a call, each step bounded in time.
//!
//! **Never twice.** Once the server said that it has a mail it is not sent again: [`MailOutcome::Accepted`] is final,
//! and for an hour this process remembers what was accepted, in case the database could not be told. What is in doubt
//! (the line broke after the final dot and before the answer) is sent again with the same Message-ID: until the answer
//! the sender answers for the mail (RFC 5321 section 6.1), and a code that is lost locks somebody out while a second
//! copy of the same code harms nobody.

mod conversation;
mod pool;
mod stream;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret;
use tokio::time::timeout;
use uuid::Uuid;

use self::conversation::{Dial, Failed, LineTls};
use self::pool::{Pool, REUSE_PATIENCE};
use super::message::{Letter, letter};
use super::{Mail, MailCheckError, MailOutcome, MailSettings, MailSetupError, Mailer, SmtpSettings, SmtpTls, Urgency};
use crate::domain::delivery::mail_retry::MailDelay;
use crate::providers::push::client_trusting;
use crate::telemetry;

/// For how long an accepted mail is remembered.
const MEMORY: Duration = Duration::from_secs(3600);

/// Mail by way of an SMTP server.
pub struct Smtp {
    from: Mailbox,
    dial: Dial,
    pool: Pool,
    timeout: Duration,
    accept_timeout: Duration,
    accepted: Mutex<HashMap<Uuid, Instant>>,
}

impl Smtp {
    /// Gets ready; nothing is sent yet. `None` while `smtp.host` is unset.
    ///
    /// # Errors
    /// [`MailSetupError`] names the key that is wrong.
    pub fn open(mail: &MailSettings, smtp: &SmtpSettings) -> Result<Option<Self>, MailSetupError> {
        smtp.check()?;
        let from = mail.mailbox()?;
        let Some(host) = smtp.host.clone() else { return Ok(None) };
        let hello_name = smtp.hello_name.clone().unwrap_or_else(|| from.email.domain().to_owned());
        let credentials = smtp
            .username
            .as_ref()
            .zip(smtp.password.as_ref())
            .map(|(username, password)| Credentials::new(username.clone(), password.expose_secret().to_owned()));
        let tls = line_tls(smtp.tls, &host, smtp.trust_root_file.as_deref())?;
        let hello_name = ClientId::Domain(hello_name);
        let dial = Dial { host, port: smtp.port, tls, hello_name, credentials };
        Ok(Some(Self {
            from,
            dial,
            pool: Pool::new(smtp.connections),
            timeout: Duration::from_millis(smtp.timeout_ms),
            accept_timeout: Duration::from_millis(smtp.accept_timeout_ms),
            accepted: Mutex::default(),
        }))
    }

    /// Proves that the server would take mail, without sending any: greeting, TLS, authentication, sender.
    ///
    /// # Errors
    /// [`MailCheckError`], which says what is wrong and how to mend it.
    pub async fn check(&self) -> Result<(), MailCheckError> {
        let conversation = async {
            let mut connection = conversation::begin(&self.dial).await?;
            conversation::ask_sender(&mut connection, self.from.email.clone()).await?;
            // It answered all that was asked; how it takes the goodbye says nothing.
            let _ = connection.quit().await;
            Ok(())
        };
        let outcome = match timeout(self.timeout, conversation).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(Failed { outcome, .. })) => outcome,
            Err(_) => MailOutcome::RetryLater(MailDelay::TimedOut),
        };
        Err(MailCheckError { server: format!("{}:{}", self.dial.host, self.dial.port), outcome })
    }

    async fn try_to_send(&self, mail: &Mail) -> MailOutcome {
        if self.was_accepted(mail.id) {
            return MailOutcome::Accepted;
        }
        let letter = match letter(&self.from, mail) {
            Ok(letter) => letter,
            Err(refusal) => return MailOutcome::Rejected(refusal),
        };
        let outcome = self.converse(&letter, mail.urgency).await;
        if outcome == MailOutcome::Accepted {
            self.remember(mail.id);
        }
        outcome
    }

    /// A connection that is in the middle of something when its time is over is dropped with the future that has it.
    async fn converse(&self, letter: &Letter, urgency: Urgency) -> MailOutcome {
        let started = Instant::now();
        let Ok(_turn) = timeout(self.timeout, self.pool.turn(urgency)).await else {
            return MailOutcome::RetryLater(MailDelay::TimedOut);
        };
        let left = self.timeout.saturating_sub(started.elapsed());
        let mut connection = match timeout(left, self.announced(letter)).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(outcome)) => return outcome,
            Err(_) => return MailOutcome::RetryLater(MailDelay::TimedOut),
        };
        match timeout(self.accept_timeout, conversation::hand_over(&mut connection, letter)).await {
            Ok(Ok(())) => {
                self.pool.put(connection, false);
                MailOutcome::Accepted
            }
            Ok(Err(failed)) => self.after(connection, &failed),
            Err(_) => MailOutcome::RetryLater(MailDelay::InDoubt),
        }
    }

    /// A connection whose server waits for the mail.
    async fn announced(&self, letter: &Letter) -> Result<AsyncSmtpConnection, MailOutcome> {
        let mut connection = match self.kept(letter).await? {
            Some(connection) => connection,
            None => {
                let mut fresh = conversation::begin(&self.dial).await.map_err(|failed| failed.outcome)?;
                match conversation::say_sender(&mut fresh, letter).await {
                    Ok(()) => fresh,
                    Err(failed) => return Err(self.after(fresh, &failed)),
                }
            }
        };
        match conversation::say_recipient(&mut connection, letter).await {
            Ok(()) => Ok(connection),
            Err(failed) => Err(self.after(connection, &failed)),
        }
    }

    /// A connection from before whose server knows from whom the mail is. One that is gone or hangs up (RFC 5321 section 3.8) costs
    /// nothing but the next look, and one that says nothing costs one wait, however many there are: nothing was sent.
    async fn kept(&self, letter: &Letter) -> Result<Option<AsyncSmtpConnection>, MailOutcome> {
        while let Some(mut connection) = self.pool.take().await {
            match timeout(REUSE_PATIENCE, conversation::say_sender(&mut connection, letter)).await {
                Ok(Ok(())) => return Ok(Some(connection)),
                Ok(Err(failed)) if failed.still_listens => return Err(self.after(connection, &failed)),
                Ok(Err(_)) => {}
                Err(_) => self.pool.forget_idle(),
            }
        }
        Ok(None)
    }

    fn after(&self, connection: AsyncSmtpConnection, failed: &Failed) -> MailOutcome {
        if failed.still_listens {
            self.pool.put(connection, true);
        }
        failed.outcome
    }

    fn was_accepted(&self, id: Uuid) -> bool {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id)
    }

    fn remember(&self, id: Uuid) {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        // Now and then is often enough: when there are twice as many as were kept the last time.
        if accepted.len() == accepted.capacity() {
            accepted.retain(|_, at| at.elapsed() < MEMORY);
        }
        accepted.insert(id, Instant::now());
    }
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, MailOutcome> {
        Box::pin(async move {
            let outcome = self.try_to_send(mail).await;
            metrics::counter!(telemetry::MAIL_TRIES, "outcome" => outcome.word()).increment(1);
            outcome
        })
    }
}

fn line_tls(tls: SmtpTls, host: &str, trust_root_file: Option<&Path>) -> Result<LineTls, MailSetupError> {
    let roots = trust_root_file.map(trust_roots).transpose()?;
    Ok(match tls {
        SmtpTls::None => LineTls::None,
        SmtpTls::Starttls => LineTls::Starttls(tls_parameters(host, roots)?),
        SmtpTls::Implicit => LineTls::Implicit(Arc::new(tls_client(roots))),
    })
}

/// What lettre needs to upgrade a line.
fn tls_parameters(host: &str, roots: Option<Vec<CertificateDer<'static>>>) -> Result<TlsParameters, MailSetupError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(roots) = roots {
        builder = builder.certificate_store(CertificateStore::None);
        for root in roots {
            builder = builder.add_root_certificate(Certificate::from_der(root.to_vec()).map_err(MailSetupError::Tls)?);
        }
    }
    builder.build().map_err(MailSetupError::Tls)
}

/// A TLS client that trusts these authorities, or else those of the system.
fn tls_client(trusted: Option<Vec<CertificateDer<'static>>>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(trusted.unwrap_or_else(|| rustls_native_certs::load_native_certs().certs));
    client_trusting(roots).expect("the provider has the default versions of the protocol")
}

fn trust_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, MailSetupError> {
    let unreadable = |source| MailSetupError::TrustRootFile { path: path.to_owned(), source };
    let pem = std::fs::read(path).map_err(unreadable)?;
    let roots: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    // An empty store would trust nobody, and not say why.
    let roots = roots.ok().filter(|roots| roots.iter().any(|root| RootCertStore::empty().add(root.clone()).is_ok()));
    roots.ok_or_else(|| MailSetupError::TrustRoots(path.to_owned()))
}
