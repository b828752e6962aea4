//! What every use case works with: the database, the keys, the rules, the bus. What it does itself concerns the node.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use metrics::gauge;
use tokio::sync::Notify;
use tracing::{error, info};

use super::app_server::known_api_keys::KnownApiKeys;
use super::operator::held_keys::HeldKeys;
use super::sign_in::password_hashing::Passwords;
use super::sign_in::password_waits::PasswordWaiting;
use crate::bus::{Bus, Health};
use crate::clock;
use crate::domain::account::two_step_policy::TwoStepPolicy;
use crate::domain::app_server::assertion::AssertionHeader;
use crate::domain::challenge::{Lifetimes, Method, Purpose};
use crate::domain::code::CodeKeys;
use crate::domain::delivery::EmailFallback;
use crate::domain::event::AccountEvent;
use crate::domain::value::id::{AccountId, NodeId};
use crate::store::node::Beat;
use crate::store::session::TokenLifetimes;
use crate::store::{self, Store, StoreError};
use crate::telemetry::{CHALLENGES, CLOCK_AHEAD, READY};

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
    /// Who decides whether two-step verification is on.
    pub two_step: TwoStepPolicy,
    /// How long an account that must turn it on has for that, from its next sign-in on.
    pub two_step_grace: SignedDuration,
    /// How long whoever asks for the last resort waits; `None` where there is none.
    pub last_resort_wait: Option<SignedDuration>,
    /// The address that mail comes from, for people who look for it.
    pub mail_sender: String,
    /// What assertions say of themselves.
    pub assertions: AssertionRules,
    /// What the service is called, in authenticator apps.
    pub service_name: String,
    /// The address of the Login Security page, with what follows the host.
    pub page: String,
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

/// What the use cases work with.
pub struct Core {
    pub(super) node: NodeId,
    pub(super) store: Store,
    pub(super) code_keys: HeldKeys,
    pub(super) passwords: Passwords,
    pub(super) rules: Rules,
    pub(super) bus: Bus,
    pub(super) notices: Arc<Notify>,
    pub(super) webhooks: Arc<Notify>,
    pub(super) password_waits: PasswordWaiting,
    pub(super) api_keys: KnownApiKeys,
    /// That the clocks differ was said.
    pub(super) clock_differs: AtomicBool,
}

impl Core {
    /// Puts it together.
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
        let node = self.node;
        let is_cut_off = matches!(self.bus.health(), Health::Degraded { .. });
        let asked = Timestamp::now();
        let beat = self.store.run(async |db| store::node::beat(db, node, is_cut_off).await).await;
        gauge!(READY, "cause" => "database").set(if beat.is_ok() { 1.0 } else { 0.0 });
        let Beat { other_cut_off, now } = beat?;
        if let Some(ahead) = clock::learn(asked, now, Timestamp::now()) {
            gauge!(CLOCK_AHEAD).set(ahead.as_secs_f64());
            self.say_clock(ahead);
        }
        self.bus.set_other_cut_off(other_cut_off);
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

    pub(super) async fn publish(&self, account: AccountId, events: Vec<AccountEvent>) {
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
