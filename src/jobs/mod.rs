//! What runs by itself for as long as the node does. Each is a [`Job`]; a [`Supervisor`] keeps it running.

mod dispatcher;
mod notices;
mod reach_drill;
mod reconcile;
mod retract_pushes;
mod supervisor;
mod sweeper;
mod watches;
mod webhooks;

pub use dispatcher::Dispatcher;
pub use notices::NoticeSender;
pub use reach_drill::drill;
pub use reconcile::Reconcile;
pub use supervisor::{Every, Job, Supervisor};
pub use sweeper::{SweepSettings, Sweeper, beat};
pub use watches::watches;
pub use webhooks::WebhookSender;
