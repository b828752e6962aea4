//! The actors: soft state for each account that has something live on this node. Killing any of them loses nothing,
//! because the truth is in the database.
//!
//! ```text
//! connection ──Attach──▶ directory ──▶ user actor ──codes──▶ connections
//! bus ────────facts────▶ (shards)                ──mail, push──▶ providers
//! sweeper ──overdue────▶                         ──states──▶ database
//! ```

mod catch_up;
mod directory;
mod dispatcher;
mod mails_under_way;
mod messages;
mod notices;
mod sweeper;
#[cfg(test)]
mod tests;
mod user;
mod webhooks;
mod withdraw;

pub use catch_up::catch_up;
pub use directory::{Directory, Observed};
pub use dispatcher::dispatch;
pub use mails_under_way::{MailUnderWay, MailsUnderWay};
pub use messages::{Attach, Detach, DeviceSays, DirectoryError, LetGo, Outgoing, ToConnection};
pub use notices::send_notices;
pub use sweeper::{SweepSettings, beat, sweep};
pub use user::User;
pub use webhooks::send_webhooks;

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::mail::Mailer;
use crate::delivery::push::CurrentProviders;
use crate::domain::mail::MailRetry;
use crate::domain::service::Service;
use crate::verification::Verification;

/// What user actors work with.
pub struct Services {
    /// The use cases, with the database, the keys and the bus.
    pub verification: Arc<Verification>,
    /// The way out for mail.
    pub mail: Arc<dyn Mailer>,
    /// The mails that a node which stops waits for.
    pub mails_under_way: MailsUnderWay,
    /// For whom mails speak.
    pub service: Service,
    /// How long to wait between two tries to send a mail.
    pub mail_retry: MailRetry,
    /// The push providers.
    pub push: CurrentProviders,
    /// Notifications show the code; otherwise they wake the app, which fetches it.
    pub push_shows_code: bool,
    /// How long a device may take to say that it shows a code.
    pub receipt_window: Duration,
    /// How long to wait for other nodes to say that they hold a device, before it is pushed.
    pub presence_wait: Duration,
    /// How often connections are pinged; told to devices in `welcome`.
    pub heartbeat: Duration,
}
