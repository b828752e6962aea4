//! Account → user actor, sharded over arbiters: the only place where user actors are made.
//!
//! The race between a stopping user actor and a connecting device is settled here. Every message that may wake a user
//! actor goes through its shard, which counts them. An actor that has nothing left asks to be released and says how
//! many it has handled; only if that is all there were does the shard forget it. A message on its way keeps it alive.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::prelude::*;
use tracing::error;

use super::Services;
use super::messages::{Attach, Deliver, Detach, DirectoryError, Drain, Fact, Observe, Place, Release};
use super::user::User;
use crate::bus::{Envelope, News};
use crate::domain::delivery::Delivery;
use crate::domain::event::AccountEvent;
use crate::domain::value::id::{AccountId, ChallengeId};
use crate::telemetry::count_full_mailbox;

/// Messages that wait for a shard. A full one makes the sender wait.
const SHARD_MAILBOX: usize = 4096;
/// How long a message for a user actor whose mailbox is full may wait.
const FULL_MAILBOX_PATIENCE: Duration = Duration::from_secs(10);

/// What is alive on this node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// User actors.
    pub users: usize,
    /// User actors made so far.
    pub started: u64,
}

/// The way to every user actor of this node. Cheap to clone.
#[derive(Clone)]
pub struct Directory {
    shards: Arc<[Addr<Shard>]>,
    hasher: RandomState,
}

impl Directory {
    /// Starts `shards` shards, each on an arbiter (a thread) of its own. Call it inside an actix system.
    #[must_use]
    pub fn start(services: &Arc<Services>, shards: usize) -> Self {
        let start_one = |_| {
            let services = Arc::clone(services);
            Shard::start_in_arbiter(&Arbiter::new().handle(), |_| Shard {
                services,
                users: HashMap::new(),
                incarnations: 0,
                draining: None,
            })
        };
        Self { shards: (0..shards.max(1)).map(start_one).collect(), hasher: RandomState::new() }
    }

    /// Gives a connection to its user actor.
    ///
    /// # Errors
    /// [`DirectoryError::Busy`] when the actor cannot take it.
    pub async fn attach(&self, attach: Attach) -> Result<Addr<User>, DirectoryError> {
        let shard = self.shard(attach.account_id);
        shard.send(attach).await.unwrap_or(Err(DirectoryError::Busy))
    }

    /// Takes a connection from its user actor, for one that ended before it learned who that is.
    pub async fn detach(&self, detach: Detach) {
        self.deliver_to_shard(detach.account_id, detach).await;
    }

    /// Hands a fact to the user actor of its account, if one is alive or the fact needs one. Only a full shard is waited for, so
    /// that facts that come together cost one change of thread.
    pub async fn route(&self, envelope: Envelope) {
        let Envelope { account_id, news, trace } = envelope;
        let fact = Fact { account_id, news, trace };
        if let Err(SendError::Full(fact)) = self.shard(account_id).try_send(fact) {
            count_full_mailbox("shard");
            self.deliver_to_shard(account_id, fact).await;
        }
    }

    /// Hands claimed deliveries to the user actor of their account.
    pub(crate) async fn deliver(
        &self,
        account_id: AccountId,
        challenge_id: ChallengeId,
        claimed: Vec<Delivery>,
        place: Place,
    ) {
        self.deliver_to_shard(account_id, Deliver { account_id, challenge_id, claimed, place }).await;
    }

    /// Says goodbye to every connection of this node, and to those that still come.
    pub async fn drain(&self, spread: Duration) {
        let spread_ms = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
        for shard in self.shards.iter() {
            let _ = shard.send(Drain { spread_ms }).await;
        }
    }

    /// Counts what is alive.
    pub async fn observe(&self) -> Observed {
        let mut total = Observed::default();
        for shard in self.shards.iter() {
            let observed = shard.send(Observe).await.unwrap_or_default();
            total.users += observed.users;
            total.started += observed.started;
        }
        total
    }

    async fn deliver_to_shard<M>(&self, account: AccountId, message: M)
    where
        M: Message<Result = ()> + Send + 'static,
        Shard: Handler<M>,
        Context<Shard>: ToEnvelope<Shard, M>,
    {
        // A shard dies only with the node; then nobody is left to tell.
        let _ = self.shard(account).send(message).await;
    }

    fn shard(&self, account: AccountId) -> &Addr<Shard> {
        let hash = self.hasher.hash_one(account);
        let index = usize::try_from(hash % self.shards.len() as u64).unwrap_or(0);
        &self.shards[index]
    }
}

/// The user actors of a share of the accounts.
pub(super) struct Shard {
    services: Arc<Services>,
    users: HashMap<AccountId, Entry>,
    incarnations: u64,
    /// Set when the node goes away: who connects after that is told so too.
    draining: Option<Drain>,
}

struct Entry {
    address: Addr<User>,
    incarnation: u64,
    sent: u64,
}

impl Actor for Shard {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(SHARD_MAILBOX);
    }
}

impl Shard {
    /// The account's user actor; a new one if there is none or a panic took it.
    fn user(&mut self, account: AccountId, shard: Addr<Self>) -> &mut Entry {
        let is_dead = self.users.get(&account).is_some_and(|entry| !entry.address.connected());
        if is_dead {
            error!(account.id = %account, "a user actor died; starting another");
            self.users.remove(&account);
        }
        let services = &self.services;
        let incarnations = &mut self.incarnations;
        self.users.entry(account).or_insert_with(|| {
            *incarnations += 1;
            let user = User::new(account, Arc::clone(services), shard.recipient(), *incarnations);
            Entry { address: user.start(), incarnation: *incarnations, sent: 0 }
        })
    }

    /// Sends what must arrive. A full mailbox means that the actor is busy: then the message waits for its turn.
    fn send<M>(entry: &mut Entry, message: M, context: &mut Context<Self>)
    where
        M: Message<Result = ()> + Send + 'static,
        User: Handler<M>,
        Context<User>: ToEnvelope<User, M>,
    {
        match entry.address.try_send(message) {
            Ok(()) => entry.sent += 1,
            Err(SendError::Closed(_)) => {}
            Err(SendError::Full(message)) => {
                count_full_mailbox("user");
                entry.sent += 1;
                let patient = entry.address.send(message).timeout(FULL_MAILBOX_PATIENCE);
                context.spawn(actix::fut::wrap_future::<_, Self>(patient).map(|_, _, _| ()));
            }
        }
    }
}

impl Handler<Attach> for Shard {
    type Result = Result<Addr<User>, DirectoryError>;

    fn handle(&mut self, attach: Attach, context: &mut Self::Context) -> Self::Result {
        let draining = self.draining;
        let entry = self.user(attach.account_id, context.address());
        entry.address.try_send(super::user::AttachHere(attach)).map_err(|_| DirectoryError::Busy)?;
        entry.sent += 1;
        let address = entry.address.clone();
        if let Some(drain) = draining {
            Self::send(entry, drain, context);
        }
        Ok(address)
    }
}

impl Handler<Detach> for Shard {
    type Result = ();

    fn handle(&mut self, detach: Detach, context: &mut Self::Context) {
        if let Some(entry) = self.users.get_mut(&detach.account_id) {
            Self::send(entry, super::user::DetachHere(detach), context);
        }
    }
}

impl Handler<Fact> for Shard {
    type Result = ();

    fn handle(&mut self, fact: Fact, context: &mut Self::Context) {
        // Who issued a code brings it to every device; other nodes show it on the connections that they have.
        if matches!(fact.news, News::Committed(AccountEvent::CodeIssued(_))) {
            let entry = self.user(fact.account_id, context.address());
            Self::send(entry, fact, context);
        } else if let Some(entry) = self.users.get_mut(&fact.account_id) {
            Self::send(entry, fact, context);
        }
    }
}

impl Handler<Deliver> for Shard {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, context: &mut Self::Context) {
        let entry = self.user(deliver.account_id, context.address());
        Self::send(entry, deliver, context);
    }
}

impl Handler<Drain> for Shard {
    type Result = ();

    fn handle(&mut self, drain: Drain, context: &mut Self::Context) {
        self.draining = Some(drain);
        for entry in self.users.values_mut() {
            Self::send(entry, drain, context);
        }
    }
}

impl Handler<Release> for Shard {
    type Result = bool;

    fn handle(&mut self, release: Release, _: &mut Self::Context) -> bool {
        let is_current = |entry: &Entry| entry.incarnation == release.incarnation;
        match self.users.get(&release.account_id) {
            Some(entry) if is_current(entry) && entry.sent != release.handled => false,
            Some(entry) if is_current(entry) => {
                self.users.remove(&release.account_id);
                true
            }
            _ => true,
        }
    }
}

impl Handler<Observe> for Shard {
    type Result = MessageResult<Observe>;

    fn handle(&mut self, _: Observe, _: &mut Self::Context) -> Self::Result {
        MessageResult(Observed { users: self.users.len(), started: self.incarnations })
    }
}
