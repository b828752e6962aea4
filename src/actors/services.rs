//! What user actors and jobs work with.

use std::sync::Arc;
use std::time::Duration;

use super::MailsUnderWay;
use crate::bus::Bus;
use crate::domain::account::service::Service;
use crate::domain::delivery::mail_retry::MailRetry;
use crate::domain::value::id::NodeId;
use crate::providers::mail::Mailer;
use crate::providers::push::CurrentProviders;
use crate::service::UseCases;
use crate::store::Store;

/// What user actors work with.
pub struct Services {
    /// The use cases.
    pub use_cases: UseCases,
    /// The database.
    pub store: Store,
    /// What other parts and other nodes are told over.
    pub bus: Bus,
    /// This node.
    pub node: NodeId,
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
    /// How long a device may take to say that it shows a code: `delivery.receipt_window_ms`.
    pub receipt_window: Duration,
    /// How long to wait for other nodes to say that they hold a device, before it is pushed: `bus.presence_wait_ms`.
    pub presence_wait: Duration,
    /// How often connections are pinged; told to devices in `welcome`.
    pub heartbeat: Duration,
}
