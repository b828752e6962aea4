//! What the database counts, held against the rules of `domain` that `tests/model` explores.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use twostep::domain::challenge::guess_budget::{Budget, BudgetKind, BudgetRules};
use twostep::domain::challenge::{Lifetimes, Method, Outcome, Progress, Purpose};
use twostep::domain::code::KeyId;
use twostep::domain::delivery::Requester;
use twostep::domain::device::token::{Token, TokenKind};
use twostep::domain::value::id::{AccountId, ChallengeId, DeviceId, NoticeId, SessionId};
use twostep::store::challenge::RightCode;
use twostep::store::session::{PairHashes, TokenLifetimes};
use twostep::store::{self, Store};
use uuid::Uuid;

use crate::support::database::TestDatabase;

/// Small numbers, so that short sequences come to every bound, and waits that no test sits out.
const RULES: BudgetRules = BudgetRules {
    wait_from: 4,
    first_wait: SignedDuration::from_hours(1),
    longest_wait: SignedDuration::from_hours(3),
    freeze_after: 7,
    max_comparisons: 12,
};
const SEQUENCES: usize = 40;
const CHALLENGES: usize = 3;
const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const DAY: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Clone, Copy)]
enum Act {
    Attempt {
        challenge: usize,
    },
    /// The right code, in the statement that takes it.
    Take {
        challenge: usize,
    },
    Close {
        challenge: usize,
    },
    Expire {
        challenge: usize,
    },
    /// A new challenge in the place of the old one.
    Start {
        challenge: usize,
    },
    /// The wait is over.
    Wait,
    /// The owner lets new devices sign in again.
    Lift,
    /// A success.
    Refill,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let challenge = 0..CHALLENGES;
    let act = prop_oneof![
        30 => challenge.clone().prop_map(|challenge| Act::Attempt { challenge }),
        6 => challenge.clone().prop_map(|challenge| Act::Take { challenge }),
        1 => challenge.clone().prop_map(|challenge| Act::Close { challenge }),
        1 => challenge.clone().prop_map(|challenge| Act::Expire { challenge }),
        10 => challenge.prop_map(|challenge| Act::Start { challenge }),
        24 => Just(Act::Wait),
        4 => Just(Act::Lift),
        1 => Just(Act::Refill),
    ];
    prop::collection::vec(act, 40..100)
}

/// What the rules say, with a clock that stands still: a wait is over when [`Act::Wait`] says so.
struct Expected {
    kind: BudgetKind,
    budget: Budget,
    challenges: [Progress; CHALLENGES],
}

/// The same in the database.
struct Actual {
    store: Store,
    /// For what the gateway does elsewhere, and for time.
    sql: tokio_postgres::Client,
    account: AccountId,
    kind: BudgetKind,
    ids: [ChallengeId; CHALLENGES],
}

#[actix_web::test]
async fn the_database_counts_guesses_by_the_rules_that_are_proven() {
    let database = TestDatabase::new().await;
    let mut runner = TestRunner::deterministic();
    let (mut counted, mut taken, mut spent) = (0, 0, 0);
    let account = AccountId::new(Uuid::now_v7());
    let ids = [(); CHALLENGES].map(|()| ChallengeId::new(Uuid::now_v7()));
    let mut actual =
        Actual { store: database.store(), sql: database.connect().await, account, kind: BudgetKind::Account, ids };
    actual.add_account().await;
    for sequence in 0..SEQUENCES {
        let kind = if sequence % 2 == 0 { BudgetKind::Account } else { BudgetKind::Enabling };
        let acts = acts().new_tree(&mut runner).expect("a sequence").current();
        let mut expected = actual.begin(kind).await;
        for (step, act) in acts.iter().enumerate() {
            let (by_the_rules, in_the_database) = (expected.act(*act), actual.act(*act).await);
            assert_eq!(by_the_rules, in_the_database, "step {step} of {acts:?}");
            counted += u32::from(by_the_rules.was_counted);
            taken += u32::from(by_the_rules.was_counted && matches!(act, Act::Take { .. }));
            spent += u32::from(expected.budget.is_spent());
        }
    }
    assert!(
        counted > 400 && taken > 40 && spent > 100,
        "the sequences are too tame: {counted} attempts, {taken} right ones taken, {spent} times spent"
    );
}

/// What an act came to, and how things stand after it.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    was_counted: bool,
    failures: u32,
    allowed: u32,
    /// Hours until something is compared again, rounded.
    wait_hours: i64,
    attempts: [u16; CHALLENGES],
}

impl Expected {
    fn act(&mut self, act: Act) -> Came {
        let mut was_counted = false;
        match act {
            Act::Attempt { challenge } => {
                let progress = self.challenges[challenge].count_attempt(NOW);
                if let (Ok(progress), Ok(budget)) = (progress, self.budget.charge(&RULES, NOW)) {
                    (self.challenges[challenge], self.budget, was_counted) = (progress, budget, true);
                }
            }
            Act::Take { challenge } => {
                let progress = self.challenges[challenge].count_attempt(NOW);
                let is_allowed = self.kind == BudgetKind::Account && self.budget.check(NOW).is_ok();
                if let Some(progress) = progress.ok().filter(|_| is_allowed) {
                    self.challenges[challenge] = progress.close(Outcome::Verified, NOW).expect("open");
                    self.budget = Budget::full(self.kind, &RULES);
                    was_counted = true;
                }
            }
            Act::Close { challenge } => {
                let it = self.challenges[challenge];
                self.challenges[challenge] = it.close(Outcome::Superseded, NOW).unwrap_or(it);
            }
            Act::Expire { challenge } => self.challenges[challenge].expires_at = NOW,
            Act::Start { challenge } => self.challenges[challenge] = started(),
            Act::Wait => self.budget.wait_until = None,
            Act::Lift => self.budget = self.budget.lift(&RULES).unwrap_or(self.budget),
            Act::Refill => self.budget = Budget::full(self.kind, &RULES),
        }
        came(was_counted, self.budget, NOW, self.challenges.map(|it| it.attempts))
    }
}

fn started() -> Progress {
    let lifetimes = Lifetimes { app: DAY, email: DAY, confirmation: DAY };
    Progress::start(Purpose::SignIn, Method::App, &lifetimes, NOW)
}

fn came(was_counted: bool, budget: Budget, now: Timestamp, attempts: [u16; CHALLENGES]) -> Came {
    let wait = budget.wait_until.map_or(0, |until| until.duration_since(now).as_secs().max(0));
    Came { was_counted, failures: budget.failures, allowed: budget.allowed, wait_hours: (wait + 1800) / 3600, attempts }
}

impl Actual {
    async fn add_account(&self) {
        let add = "INSERT INTO accounts (account_id, email) VALUES ($1, 'rules@example.org')";
        self.sql.execute(add, &[&self.account.uuid()]).await.expect("an account");
    }

    /// An account that nobody guessed at, with new challenges.
    async fn begin(&mut self, kind: BudgetKind) -> Expected {
        self.kind = kind;
        self.sql.batch_execute("DELETE FROM code_budgets").await.expect("no budget");
        for challenge in 0..CHALLENGES {
            self.start(challenge).await;
        }
        Expected { kind, budget: Budget::full(kind, &RULES), challenges: [(); CHALLENGES].map(|()| started()) }
    }

    async fn start(&self, challenge: usize) {
        let id = self.ids[challenge].uuid();
        self.sql.execute("DELETE FROM challenges WHERE challenge_id = $1", &[&id]).await.expect("deleted");
        let start = "INSERT INTO challenges (account_id, challenge_id, token_hash, purpose, method, key_id, digits, resend_at,
                created_at, expires_at, install_id, requester, ip)
            VALUES ($1, $2, sha256(uuid_send($2)), 'sign_in', 'app', 'key', 6, now(), now(), now() + interval '1 day', $2,
                '{}', '192.0.2.1')";
        self.sql.execute(start, &[&self.account.uuid(), &id]).await.expect("a challenge");
    }

    async fn set(&self, what: &str, challenge: usize) {
        let set = format!("UPDATE challenges SET {what} WHERE challenge_id = $1 AND outcome IS NULL");
        self.sql.execute(&set, &[&self.ids[challenge].uuid()]).await.expect("set");
    }

    async fn act(&self, act: Act) -> Came {
        let mut was_counted = false;
        match act {
            Act::Attempt { challenge } => was_counted = self.attempt(challenge).await,
            Act::Take { challenge } => was_counted = self.kind == BudgetKind::Account && self.take(challenge).await,
            Act::Close { challenge } => self.set("outcome = 'superseded', closed_at = now()", challenge).await,
            Act::Expire { challenge } => self.set("expires_at = now()", challenge).await,
            Act::Start { challenge } => self.start(challenge).await,
            Act::Wait => self.sql.batch_execute("UPDATE code_budgets SET wait_until = now()").await.expect("over"),
            Act::Lift => self.lift().await,
            Act::Refill => {
                let refill = async |db: &_| store::budget::refill(db, self.account, self.kind).await;
                self.store.run(refill).await.expect("refilled");
            }
        }
        let attempts = "SELECT attempts, now() FROM challenges ORDER BY array_position($1::uuid[], challenge_id)";
        let ids = self.ids.map(ChallengeId::uuid);
        let rows = self.sql.query(attempts, &[&ids.as_slice()]).await.expect("challenges");
        let attempts = std::array::from_fn(|challenge| rows[challenge].get::<_, i16>(0).unsigned_abs());
        came(was_counted, self.budget().await, rows[0].get(1), attempts)
    }

    async fn attempt(&self, challenge: usize) -> bool {
        let id = self.ids[challenge];
        let count = async |db: &_| store::challenge::count_attempt(db, self.account, id, Some(self.kind), &RULES).await;
        let counted = self.store.run(count).await.expect("an answer");
        if let Some(counted) = &counted {
            let budget = self.budget().await;
            assert_eq!(counted.budget, Some(Budget { wait_until: None, ..budget }), "the answer is what was written");
        }
        counted.is_some()
    }

    /// Takes the right code of a challenge, as the gateway takes those of sign-ins.
    async fn take(&self, challenge: usize) -> bool {
        let key = KeyId::parse("key").expect("a key id");
        let install = serde_json::json!({
            "install_id": self.account.uuid(), "name": "Phone", "model": "Model", "platform": "android", "os_version": "15",
            "app_version": "1.0.0",
        });
        let device = serde_json::from_value(install).expect("a device");
        let requester = Requester { device, ip: "192.0.2.1".to_owned(), location: None, acting: None };
        let token = || Token::from_random(TokenKind::Access, rand::random()).hash();
        let life = SignedDuration::from_hours(1);
        let right = RightCode {
            account_id: self.account,
            challenge_id: self.ids[challenge],
            generation: 1,
            key_id: &key,
            notice_id: NoticeId::new(Uuid::now_v7()),
            requester: &requester,
            new_device: DeviceId::new(Uuid::now_v7()),
            trust: None,
            session_id: SessionId::new(Uuid::now_v7()),
            pair: PairHashes { access: token(), refresh: token() },
            tokens_key: &key,
            lifetimes: TokenLifetimes { access: life, refresh: life, session: life },
        };
        let take = async |db: &_| store::challenge::verify_sign_in(db, &right).await;
        self.store.run(take).await.expect("an answer").is_some()
    }

    async fn lift(&self) {
        let budget = self.budget().await;
        if let Some(lifted) = budget.lift(&RULES).filter(|lifted| *lifted != budget) {
            let extend = async |db: &_| store::budget::extend(db, self.account, self.kind, lifted).await;
            self.store.run(extend).await.expect("extended");
        }
    }

    async fn budget(&self) -> Budget {
        let get = async |db: &_| store::budget::get_budget(db, self.account, self.kind, &RULES).await;
        self.store.run(get).await.expect("a budget")
    }
}
