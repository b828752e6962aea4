//! Connections that were kept, and whose server says nothing any more.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use twostep::providers::mail::{MailOutcome, Mailer, Smtp, SmtpTls};
use twostep::settings;

use super::secrets::mail;

/// As many mails as are under way at once, so each has a connection of its own.
const AT_ONCE: usize = 10;

/// A server whose first connections fall silent on demand, as when a firewall forgets them.
struct Forgetful {
    address: SocketAddr,
    forgot: Arc<AtomicBool>,
}

impl Forgetful {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let forgot = Arc::<AtomicBool>::default();
        let forgets = Arc::clone(&forgot);
        let all = Arc::new(Barrier::new(AT_ONCE));
        actix_web::rt::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let is_old = !forgets.load(Ordering::Relaxed);
                let forgets = is_old.then(|| (Arc::clone(&forgets), Arc::clone(&all)));
                actix_web::rt::spawn(async move { drop(converse(line, forgets).await) });
            }
        });
        Self { address, forgot }
    }
}

/// An old connection answers its first mail when all of them have one, and nothing once it is forgotten.
async fn converse(line: TcpStream, old: Option<(Arc<AtomicBool>, Arc<Barrier>)>) -> std::io::Result<()> {
    let mut line = BufReader::new(line);
    line.write_all(b"220 server ESMTP\r\n").await?;
    let mut said = String::new();
    let mut is_content = false;
    while line.read_line(&mut said).await? > 0 {
        if old.as_ref().is_some_and(|(forgot, _)| forgot.load(Ordering::Relaxed)) {
            std::future::pending::<()>().await;
        }
        let answer = match (is_content, said.trim_end()) {
            (true, ".") => {
                is_content = false;
                if let Some((_, all)) = &old {
                    all.wait().await;
                }
                "250 taken\r\n"
            }
            (true, _) => "",
            (false, "DATA") => {
                is_content = true;
                "354 go on\r\n"
            }
            (false, _) => "250 fine\r\n",
        };
        line.write_all(answer.as_bytes()).await?;
        said.clear();
    }
    Ok(())
}

/// Each silent connection costs two seconds; one after the other they would take longer than a try may.
#[actix_web::test]
async fn a_mail_waits_for_one_silent_connection_and_not_for_each() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Forgetful::start().await;
    let mut settings = settings::defaults().expect("valid");
    settings.smtp.host = Some(server.address.ip().to_string());
    settings.smtp.port = server.address.port();
    settings.smtp.tls = SmtpTls::None;
    settings.smtp.connections = AT_ONCE;
    let smtp = Smtp::open(&settings.mail, &settings.smtp).expect("set up").expect("configured");
    let mails: Vec<_> = (0..AT_ONCE).map(|_| mail()).collect();
    let outcomes = join_all(mails.iter().map(|mail| smtp.send(mail))).await;
    assert_eq!(outcomes, [MailOutcome::Accepted; AT_ONCE]);
    server.forgot.store(true, Ordering::Relaxed);
    assert_eq!(smtp.send(&mail()).await, MailOutcome::Accepted);
}
