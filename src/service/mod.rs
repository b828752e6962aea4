//! The use cases, one file each. A use case asks the rules in `domain/`, makes one transaction, and publishes what
//! became true.

mod account;
mod app_server;
mod challenge;
mod constant_time;
mod device;
mod error;
mod operator;
mod resolve;
mod sign_in;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use metrics::gauge;
use tokio::sync::Notify;
use tracing::{error, info};

use crate::bus::{Bus, Health};
use crate::clock;
use crate::domain::account::email::EmailAddress;
use crate::domain::account::locale::Locale;
use crate::domain::account::password::Password;
use crate::domain::account::password_strength::Strength;
use crate::domain::app_server::assertion::AssertionHeader;
use crate::domain::challenge::Lifetimes;
use crate::domain::challenge::{Method, Purpose};
use crate::domain::code::{CodeKeys, CodeSalt, SALT_BYTES};
use crate::domain::delivery::{EmailFallback, Requester};
use crate::domain::device::DeviceInfo;
use crate::domain::device::token::{TOKEN_BYTES, Token, TokenKind};
use crate::domain::event::AccountEvent;
use crate::domain::value::id::{AccountId, NodeId};
use crate::store::node::Beat;
use crate::store::session::TokenLifetimes;
use crate::store::{self, Store, StoreError};
use crate::telemetry::{CHALLENGES, CLOCK_AHEAD, READY};

use crate::service::app_server::api_keys::KnownApiKeys;
use crate::service::operator::code_keys::HeldKeys;
use crate::service::sign_in::login_throttle::PasswordWaiting;

pub use account::activity::ActivityPage;
pub use account::two_step::{Disabling, LoginSecurity};
pub use app_server::api_keys::{NewApiKey, WantedApiKey};
pub use app_server::idempotency::{KeptAnswer, Once, OnceRequest};
pub use app_server::sign_in_for_app::{AppSignIn, AppSignInResult, NotNeeded};
pub use app_server::subjects::{SubjectChange, SubjectView};
pub use challenge::status::ChallengeStatus;
pub use challenge::verify::Verified;
pub use challenge::view::{ChallengeView, Destination};
pub use device::session::{IssuedSession, SignedIn};
pub use error::VerificationError;
pub use operator::accounts::{AccountPage, AccountSummary, SignedOut};
pub use operator::rollout::ListedPage;
pub use operator::support_bundle::{SupportAccount, SupportBundle, SupportChallenge};
pub use sign_in::password_hashing::{PasswordCost, Passwords};
pub use sign_in::password_sign_in::{SignInRequest, SignInResult};

/// What the use cases are told once, at start.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Digits of new codes.
    pub digits: u8,
    /// How long codes live.
    pub lifetimes: Lifetimes,
    /// How long tokens of sessions live.
    pub tokens: TokenLifetimes,
    /// May a sign-in code go by email?
    pub email_fallback: EmailFallback,
    /// How long no trusted device must have been reachable before `recovery_only` offers email.
    pub recovery_after: SignedDuration,
    /// How long a mailbox that was changed gets no sign-in codes that a trusted device may show.
    pub new_mailbox_wait: SignedDuration,
    /// The address that mail comes from, for people who look for it.
    pub mail_sender: String,
    /// What assertions say of themselves.
    pub assertions: AssertionRules,
    /// The ends of verifications are told to apps' servers.
    pub webhooks: bool,
}

/// What assertions say of themselves.
#[derive(Debug, Clone)]
pub struct AssertionRules {
    /// Who says it: the URL that apps know the gateway by.
    pub issuer: String,
    /// For how long it is good.
    pub lifetime: SignedDuration,
    /// How their header is written.
    pub header: AssertionHeader,
}

/// The use cases and what they work with.
pub struct Verification {
    node: NodeId,
    store: Store,
    code_keys: HeldKeys,
    passwords: Passwords,
    rules: Rules,
    bus: Bus,
    notices: Arc<Notify>,
    webhooks: Arc<Notify>,
    password_waits: PasswordWaiting,
    api_keys: KnownApiKeys,
    /// That the clocks differ was said.
    clock_differs: AtomicBool,
}

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The client's address, which may be claimed: by a proxy's header, or by an app's server.
    pub ip: IpAddr,
    /// No limit by network holds for it. That is a fact about how the request came, decided once where it is read (a direct
    /// connection from this machine that speaks for nobody else, in development): never conclude it from `ip`.
    pub is_exempt: bool,
    /// Where it seems to be.
    pub location: Option<String>,
    /// The language that it likes best of those that there are texts in.
    pub locale: Option<Locale>,
}

impl Origin {
    /// The device that asks, from here. One that does not say which language it reads reads what the request likes.
    #[must_use]
    pub fn requester(&self, mut device: DeviceInfo) -> Requester {
        device.locale = device.locale.or_else(|| self.locale.clone());
        Requester { device, ip: self.ip.to_string(), location: self.location.clone(), acting: None }
    }
}

impl Verification {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(
        node: NodeId,
        store: Store,
        code_keys: Arc<CodeKeys>,
        passwords: Passwords,
        rules: Rules,
        bus: Bus,
    ) -> Self {
        Self {
            node,
            store,
            code_keys: HeldKeys::new(code_keys),
            passwords,
            rules,
            bus,
            notices: Arc::new(Notify::new()),
            webhooks: Arc::new(Notify::new()),
            password_waits: PasswordWaiting::default(),
            api_keys: KnownApiKeys::default(),
            clock_differs: AtomicBool::new(false),
        }
    }

    /// The node on which they run.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The bus on which facts are published.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// How long a code is good.
    #[must_use]
    pub fn code_lifetime(&self, purpose: Purpose, method: Method) -> SignedDuration {
        self.rules.lifetimes.of(purpose, method)
    }

    /// How long a code that trusted devices show is good.
    #[must_use]
    pub fn app_code_lifetime(&self) -> SignedDuration {
        self.rules.lifetimes.app
    }

    /// Whether it matters when devices were connected: only then it is written down.
    #[must_use]
    pub fn notes_presence(&self) -> bool {
        self.rules.email_fallback == EmailFallback::RecoveryOnly
    }

    /// Says in the database that this node is alive and whether it is cut off from the others, and learns whether one of them is.
    ///
    /// # Errors
    /// [`StoreError`] when the database takes no write.
    pub async fn beat(&self) -> Result<(), StoreError> {
        let (node, is_cut_off) = (self.node(), matches!(self.bus().health(), Health::Degraded { .. }));
        let asked = Timestamp::now();
        let beat = self.store().run(async |db| store::node::beat(db, node, is_cut_off).await).await;
        gauge!(READY, "cause" => "database").set(if beat.is_ok() { 1.0 } else { 0.0 });
        let Beat { other_cut_off, now } = beat?;
        if let Some(ahead) = clock::learn(asked, now, Timestamp::now()) {
            gauge!(CLOCK_AHEAD).set(ahead.as_secs_f64());
            self.say_clock(ahead);
        }
        self.bus().set_other_cut_off(other_cut_off);
        Ok(())
    }

    /// Says once that the clocks differ, and once that they do not any more.
    fn say_clock(&self, ahead: SignedDuration) {
        let differs = ahead.abs() > clock::TOLERANCE;
        if self.clock_differs.swap(differs, Ordering::Relaxed) == differs {
            return;
        }
        if differs {
            error!(
                clock.ahead_seconds = ahead.as_secs(),
                "the database's clock and this machine's differ: this node goes by the database's. Let both keep time by NTP"
            );
        } else {
            info!("this machine's clock agrees with the database's again");
        }
    }

    /// The passwords, to see how many wait.
    #[must_use]
    pub fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// How strong a new password is, for people who choose one.
    ///
    /// # Errors
    /// [`VerificationError::Busy`] when too many wait.
    pub async fn password_strength(
        &self,
        password: Password,
        email: Option<EmailAddress>,
    ) -> Result<Strength, VerificationError> {
        self.passwords.strength(password, email).await
    }

    /// Rings when a notice was written, so that it need not wait for the next look into the outbox.
    #[must_use]
    pub fn notices(&self) -> Arc<Notify> {
        Arc::clone(&self.notices)
    }

    /// Rings when a challenge ended that an app's server may want to hear of.
    #[must_use]
    pub fn webhooks(&self) -> Arc<Notify> {
        Arc::clone(&self.webhooks)
    }

    async fn publish(&self, account: AccountId, events: Vec<AccountEvent>) {
        for event in events {
            match event {
                AccountEvent::SecurityAlert { .. } => self.notices.notify_one(),
                AccountEvent::ChallengeClosed { outcome, .. } => {
                    metrics::counter!(CHALLENGES, "outcome" => outcome.as_str()).increment(1);
                    if self.rules.webhooks {
                        self.webhooks.notify_one();
                    }
                }
                _ => {}
            }
            self.bus.publish(account, event).await;
        }
    }
}

/// A fresh id: UUIDv7 of the current time.
fn fresh<T>(make: fn(uuid::Uuid) -> T) -> T {
    make(uuid::Uuid::now_v7())
}

/// A fresh token from the operating system's generator, reseeded per thread (`rand::rng`, ChaCha).
fn fresh_token(kind: TokenKind) -> Token {
    Token::from_random(kind, rand::random::<[u8; TOKEN_BYTES]>())
}

/// A fresh salt for the codes of a challenge, from the same generator.
fn fresh_salt() -> CodeSalt {
    CodeSalt::new(rand::random::<[u8; SALT_BYTES]>())
}
