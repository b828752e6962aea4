//! Sending notices, which are no codes: a mail to the owner, and an alert to the trusted devices where it is one.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::actors::Services;
use crate::clock;
use crate::domain::delivery::mail_retry::NOTICE_PATIENCE;
use crate::domain::delivery::push_address::AccountTag;
use crate::domain::value::id::{AccountId, NoticeId};
use crate::i18n::{notice_mail_text, notice_text, notice_title, with_link};
use crate::jobs::Job;
use crate::providers::mail::{MailOutcome, laid_out};
use crate::providers::push::{Push, PushContent};
use crate::store::notice::Notice;
use crate::store::{self, StoreError};

/// Notices claimed at a time.
const BATCH: i64 = 50;
/// How long a notice that was just written waits for others.
const TOGETHER: Duration = Duration::from_millis(50);
/// How long between two looks when nobody wakes it.
const PERIOD: Duration = Duration::from_secs(1);

/// Sends notices as they are written.
pub struct NoticeSender {
    services: Arc<Services>,
}

impl NoticeSender {
    /// Sends with the mailer and the push providers of `services`.
    #[must_use]
    pub fn new(services: Arc<Services>) -> Self {
        Self { services }
    }
}

impl Job for NoticeSender {
    fn name(&self) -> &'static str {
        "notices"
    }

    async fn run(&mut self) {
        let wake_up = self.services.use_cases.core.notices();
        loop {
            if let Err(error) = send_due(&self.services).await {
                error!(error = &error as &dyn std::error::Error, "notices wait for the database");
            }
            // Woken early by who wrote one, or late by the clock: both are fine.
            if tokio::time::timeout(PERIOD, wake_up.notified()).await.is_ok() {
                // Others are written at about the same time, and claimed with it.
                tokio::time::sleep(TOGETHER).await;
            }
        }
    }
}

async fn send_due(services: &Arc<Services>) -> Result<(), StoreError> {
    let store = &services.store;
    loop {
        let claimed = store.run(async |db| store::notice::claim_due(db, BATCH).await).await?;
        let is_last = i64::try_from(claimed.len()).unwrap_or(BATCH) < BATCH;
        let reads_nothing = |notice: &Notice| notice.email.is_none() && !is_pushed(services, notice);
        let (unread, to_send): (Vec<_>, Vec<_>) = claimed.into_iter().partition(reads_nothing);
        for notice in to_send {
            // Each on its own: a mailbox whose server is slow holds up no other.
            actix::spawn(send(Arc::clone(services), notice));
        }
        if !unread.is_empty() {
            // Their owners read of it on their devices and in the login activity.
            let unread: Vec<_> = unread.iter().map(|notice| (notice.account_id, notice.id)).collect();
            store.run(async |db| store::notice::give_up(db, &unread).await).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

async fn send(services: Arc<Services>, notice: Notice) {
    futures_util::future::join(push(&services, &notice), mail(&services, &notice)).await;
}

fn is_pushed(services: &Services, notice: &Notice) -> bool {
    notice.kind.is_pushed() && services.push.is_on()
}

/// Pushes an alert, once and without a second try: the mail is what must arrive.
async fn push(services: &Services, notice: &Notice) {
    if !is_pushed(services, notice) {
        return;
    }
    let account = notice.account_id;
    let id = notice.id;
    let store = &services.store;
    let addresses = match store.run(async |db| store::notice::take_push(db, account, id).await).await {
        Ok(addresses) => addresses,
        Err(error) => {
            return error!(notice.id = %id, error = &error as &dyn std::error::Error, "an alert was not pushed");
        }
    };
    let now = clock::now();
    let sends = addresses.iter().map(|(device, address, language)| async move {
        let push = Push {
            delivery_id: Uuid::now_v7(),
            account: AccountTag::of(account),
            subject_id: id.uuid(),
            generation: 1,
            expires_at: now + NOTICE_PATIENCE,
            language: *language,
            receipt: None,
            content: PushContent::Alert {
                kind: notice.kind.as_str(),
                title: notice_title(*language, notice.kind),
                body: notice_text(*language, notice.kind),
            },
        };
        let outcome = services.push.send(address, &push, now).await;
        let outcome = outcome.map_or("provider_off", |outcome| outcome.word());
        info!(notice.id = %id, device.id = %device, push.outcome = outcome, "an alert was pushed");
    });
    futures_util::future::join_all(sends).await;
}

async fn mail(services: &Services, notice: &Notice) {
    let account_id = notice.account_id;
    let id = notice.id;
    let Some(email) = notice.email.clone() else {
        return without_mailbox(services, account_id, id).await;
    };
    let service = &services.service;
    let reader = &notice.reader;
    let mut text = notice_mail_text(service, reader, notice.kind, notice.requester.as_ref(), notice.created_at);
    if let Some(link) = notice.kind.link() {
        text = with_link(text, link, services.use_cases.core.mailed_link(link, id.uuid()).expose_secret());
    }
    let mail = laid_out(id.uuid(), email, service, &text);
    let _under_way = services.mails_under_way.begin();
    let outcome = services.mail.send(&mail).await;
    let store = &services.store;
    let word = outcome.word();
    let recorded = if outcome == MailOutcome::Accepted {
        info!(notice.id = %id, notice.kind = %notice.kind, "a notice was sent");
        store.run(async |db| store::notice::mark_sent(db, account_id, id).await).await
    } else if let Some(wait) = next_try(services, outcome, notice.tries, notice.created_at) {
        info!(notice.id = %id, mail.outcome = word, "a notice is tried again later");
        store.run(async |db| store::notice::postpone(db, account_id, id, wait).await).await
    } else {
        warn!(notice.id = %id, notice.kind = %notice.kind, mail.outcome = word, "a notice cannot be sent and is given up");
        store.run(async |db| store::notice::give_up(db, &[(account_id, id)]).await).await
    };
    if let Err(error) = recorded {
        // It becomes due again when its lease is over; what was accepted is then not sent a second time.
        error!(notice.id = %id, error = &error as &dyn std::error::Error, "what became of a notice was not recorded");
    }
}

/// A subject without an address reads of it on its devices and in its login activity.
async fn without_mailbox(services: &Services, account: AccountId, id: NoticeId) {
    let given_up = services.store.run(async |db| store::notice::give_up(db, &[(account, id)]).await).await;
    if let Err(error) = given_up {
        error!(notice.id = %id, error = &error as &dyn std::error::Error, "a notice without a mailbox was not put away");
    }
}

/// When to try again. What an operator can mend may be mended before the notice is worth nothing.
fn next_try(services: &Services, outcome: MailOutcome, tries: u16, written_at: Timestamp) -> Option<SignedDuration> {
    match outcome {
        MailOutcome::Accepted | MailOutcome::Rejected(_) => None,
        MailOutcome::RetryLater(_) | MailOutcome::Misconfigured(_) => {
            if let MailOutcome::Misconfigured(_) = outcome {
                error!(mail.outcome = outcome.word(), "the mail server refuses the settings: run `twostep doctor`");
            }
            services.mail_retry.wait(tries, clock::now(), written_at + NOTICE_PATIENCE, rand::random())
        }
    }
}
