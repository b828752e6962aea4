//! A panic in a user actor, injected here: it harms one account at most.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use jiff::SignedDuration;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Attach, Directory, MailsUnderWay, Outgoing, Services, ToConnection, User};
use crate::bus::{Bus, Envelope, News};
use crate::domain::account::locale::Language;
use crate::domain::account::service::Service;
use crate::domain::account::two_step_policy::TwoStepPolicy;
use crate::domain::app_server::assertion::AssertionHeader;
use crate::domain::challenge::Lifetimes;
use crate::domain::code::{CodeKeys, KeyId};
use crate::domain::delivery::EmailFallback;
use crate::domain::delivery::mail_retry::MailRetry;
use crate::domain::event::AccountEvent;
use crate::domain::value::id::{AccountId, ConnectionId, DeviceId, NodeId, SessionId};
use crate::providers::mail::Outbox;
use crate::providers::push::CurrentProviders;
use crate::service::{AssertionRules, Core, PasswordCost, Passwords, Rules, UseCases};
use crate::store::session::TokenLifetimes;
use crate::store::{ConnectSettings, Store};
use crate::telemetry::traces::Trace;
use crate::websocket_protocol::close::CloseReason;

const DEADLINE: Duration = Duration::from_secs(20);

/// Panic. No reply.
#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

impl Handler<Panic> for User {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("a test asked for this panic");
    }
}

/// Passes on what it is told.
struct FakeConnection(mpsc::UnboundedSender<Outgoing>);

impl Actor for FakeConnection {
    type Context = Context<Self>;
}

impl Handler<Outgoing> for FakeConnection {
    type Result = ();

    fn handle(&mut self, outgoing: Outgoing, _: &mut Self::Context) {
        let _ = self.0.send(outgoing);
    }
}

/// Services whose database takes connections and never says a word: what actors do without it is what is tested.
fn services(silent: &TcpListener) -> Arc<Services> {
    let port = silent.local_addr().expect("an address").port();
    let url = format!("host=127.0.0.1 port={port} user=nobody").into();
    let store = Store::new(&ConnectSettings {
        url,
        ca_file: None,
        pool_size: 2,
        threads: 0,
        wait: DEADLINE,
        deadline: DEADLINE,
    });
    let cost = PasswordCost { memory_kib: 8192, iterations: 1, parallel: 1, queue: 1 };
    let life = SignedDuration::from_secs(60);
    let rules = Rules {
        digits: 6,
        lifetimes: Lifetimes { app: life, email: life, confirmation: life },
        tokens: TokenLifetimes { access: life, refresh: life, session: life },
        email_fallback: EmailFallback::Off,
        recovery_after: SignedDuration::ZERO,
        new_mailbox_wait: SignedDuration::ZERO,
        two_step: TwoStepPolicy::Optional,
        two_step_grace: SignedDuration::ZERO,
        last_resort_wait: None,
        mail_sender: "no-reply@example.com".to_owned(),
        assertions: AssertionRules {
            issuer: "http://localhost".to_owned(),
            lifetime: life,
            header: AssertionHeader::EdDsa,
        },
        service_name: "Twostep".to_owned(),
        page: "https://id.example.com/".to_owned(),
        webhooks: false,
    };
    let keys = Arc::new(CodeKeys::single(KeyId::parse("test").expect("valid"), [0; 32]));
    let passwords = Passwords::new(cost).expect("valid");
    let node = NodeId::new(Uuid::nil());
    let store = store.expect("valid");
    let bus = Bus::alone().0;
    let core = Core::new(node, store.clone(), keys, passwords, rules, bus.clone());
    Arc::new(Services {
        use_cases: UseCases::new(core),
        store,
        bus,
        node,
        mail: Arc::new(Outbox::new("no-reply@example.com".to_owned())),
        mails_under_way: MailsUnderWay::default(),
        service: Service { name: "Twostep".to_owned(), page_url: None, support: None },
        mail_retry: MailRetry { first: life, longest: life },
        push: CurrentProviders::default(),
        push_shows_code: true,
        receipt_window: Duration::from_secs(2),
        presence_wait: Duration::ZERO,
        heartbeat: Duration::from_secs(25),
    })
}

struct Connected {
    account_id: AccountId,
    session_id: SessionId,
    user: Addr<User>,
    hears: mpsc::UnboundedReceiver<Outgoing>,
}

impl Connected {
    async fn new(directory: &Directory, account_id: AccountId) -> Self {
        let (told, hears) = mpsc::unbounded_channel();
        let to = ToConnection::new(FakeConnection(told).start().recipient(), Arc::default());
        let session_id = SessionId::new(Uuid::now_v7());
        let attach = Attach {
            account_id,
            device_id: DeviceId::new(Uuid::now_v7()),
            session_id,
            connection_id: ConnectionId::new(Uuid::now_v7()),
            to,
            language: Language::English,
        };
        let user = directory.attach(attach).await.expect("taken");
        Self { account_id, session_id, user, hears }
    }

    /// Ends the session of the connection: it is registered if it is told so, and nothing else before.
    async fn expect_served(&mut self, directory: &Directory) {
        let news = News::Committed(AccountEvent::SessionEnded { session_id: self.session_id });
        directory.route(Envelope { account_id: self.account_id, news, trace: Trace::NONE }).await;
        assert_eq!(self.closed().await, CloseReason::SessionEnded);
    }

    async fn closed(&mut self) -> CloseReason {
        match tokio::time::timeout(DEADLINE, self.hears.recv()).await.expect("told in time") {
            Some(Outgoing::Close(reason)) => reason,
            _ => panic!("not closed"),
        }
    }
}

#[actix::test]
async fn a_panic_in_a_user_actor_harms_its_account_only_and_that_recovers() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    // One shard: the accounts share the thread on which the panic happens.
    let directory = Directory::start(&services(&silent), 1);
    let [harmed, spared] = [(); 2].map(|()| AccountId::new(Uuid::now_v7()));
    let mut one = Connected::new(&directory, harmed).await;
    let mut two = Connected::new(&directory, harmed).await;
    let mut other = Connected::new(&directory, spared).await;

    assert!(one.user.try_send(Panic).is_ok());
    assert_eq!(one.closed().await, CloseReason::InternalError);
    assert_eq!(two.closed().await, CloseReason::InternalError);

    let mut again = Connected::new(&directory, harmed).await;
    again.expect_served(&directory).await;
    other.expect_served(&directory).await;
}
