//! What runs by itself for as long as the node does. Each is a [`Job`]; a [`Supervisor`] keeps it running.

mod dispatcher;
mod notices;
mod reach_watch;
mod reconcile;
mod retract_pushes;
mod rollout_watch;
mod supervisor;
mod sweeper;
mod webhooks;

pub use dispatcher::Dispatcher;
pub use notices::NoticeSender;
pub use reach_watch::watch_reach;
pub use reconcile::Reconcile;
pub use rollout_watch::watch_rollout;
pub use supervisor::{Every, Job, Supervisor};
pub use sweeper::{SweepSettings, Sweeper, beat};
pub use webhooks::WebhookSender;
