//! A primary that is lost and a replica that takes its place, under calls that write: nothing that was answered is lost, what cannot be done is
//! answered 503, and nobody restarts the gateway.

mod pair;
mod tls;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use reqwest::Method;
use twostep::app::App;
use uuid::Uuid;

use self::pair::Pair;
use crate::support::client::{Challenge, Client, DEADLINE, Install, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;

const EMAIL: &str = "anna@example.com";
/// Accounts that are made at the same time.
const AT_ONCE: usize = 4;
/// Accounts that are made before the primary goes, and after that.
const SOME: usize = 20;

/// Makes accounts without a pause, and keeps what was answered.
struct Load {
    answered: Rc<RefCell<Vec<Challenge>>>,
    refused: Rc<Cell<usize>>,
    is_over: Rc<Cell<bool>>,
    tasks: Vec<actix_web::rt::task::JoinHandle<()>>,
}

impl Load {
    fn begin(client: &Client) -> Self {
        let mut load =
            Self { answered: Rc::default(), refused: Rc::default(), is_over: Rc::default(), tasks: Vec::new() };
        for _ in 0..AT_ONCE {
            let (client, answered, refused, is_over) =
                (client.clone(), Rc::clone(&load.answered), Rc::clone(&load.refused), Rc::clone(&load.is_over));
            load.tasks.push(actix_web::rt::spawn(async move {
                while !is_over.get() {
                    // Of an account each: one account's devices may not wait for so many codes.
                    let email = format!("{}@example.com", Uuid::now_v7());
                    let answer = client.create_account(&email, &Install::new("Loaded")).await;
                    match answer.status.as_u16() {
                        202 => answered.borrow_mut().push(Challenge::new(&answer.body)),
                        503 => {
                            assert!(answer.headers.contains_key("retry-after"), "{}", answer.body);
                            refused.set(refused.get() + 1);
                        }
                        _ => panic!("{}: {}", answer.status, answer.body),
                    }
                }
            }));
        }
        load
    }

    /// Waits until so many more were answered.
    async fn answers(&self, more: usize) {
        let (begun, wanted) = (Instant::now(), self.answered.borrow().len() + more);
        while self.answered.borrow().len() < wanted {
            assert!(
                begun.elapsed() < DEADLINE,
                "{} answered, {} refused",
                self.answered.borrow().len(),
                self.refused.get()
            );
            assert!(self.tasks.iter().all(|task| !task.is_finished()), "a call was answered as none may be");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until somebody was told to come back.
    async fn refusal(&self) {
        let begun = Instant::now();
        while self.refused.get() == 0 {
            assert!(begun.elapsed() < DEADLINE, "nobody noticed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(self) -> Vec<Challenge> {
        self.is_over.set(true);
        for task in self.tasks {
            task.await.expect("it goes as it should");
        }
        self.answered.take()
    }
}

/// The primary goes in a way, under load, and the replica takes its place.
async fn lose(way: fn(&mut Pair)) {
    let mut pair = Pair::start().await;
    let url = pair.url();
    let app = App::start(&TestGateway::settings(&url, |settings| {
        settings.database.deadline_ms = 2_000;
        settings.database.wait_ms = 1_000;
    }))
    .await
    .expect("the gateway starts");
    let gateway = TestGateway { database: TestDatabase::elsewhere(url), app };
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&first).await;
    let ready = async || {
        let operator = Client::new(&gateway.operator_url());
        operator.send(Method::GET, "/readyz", None, None).await.status.as_u16()
    };
    assert_eq!(ready().await, 200);

    let load = Load::begin(&client);
    load.answers(SOME).await;
    way(&mut pair);
    load.refusal().await;
    assert_eq!(ready().await, 503);
    pair.promote();
    load.answers(SOME).await;
    assert_eq!(ready().await, 200);
    let answered = load.end().await;

    for challenge in &answered {
        client.get(&challenge.path(""), &challenge.token).await.expect(200);
    }
    // The connection of before the loss shows the code of a sign-in after it.
    let install = Install::new("After");
    let challenge = client.begin_sign_in(EMAIL, &install).await;
    let code = screen.code_of(&challenge.id).await;
    SignedIn::new(&install, &client.verify(&challenge, &code).await.expect(200));
    gateway.stop().await;
}

#[actix_web::test]
async fn a_primary_that_dies_is_replaced() {
    lose(|pair| pair.primary.kill()).await;
}

/// Its machine hangs, or the network to it swallows everything: connections stay open and are silent.
#[actix_web::test]
async fn a_primary_that_falls_silent_is_replaced() {
    lose(|pair| pair.primary.freeze()).await;
}
