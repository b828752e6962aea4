//! What runs by itself for as long as the node does.

mod dispatcher;
mod notices;
mod reconcile;
mod retract_pushes;
mod sweeper;
mod webhooks;

pub use dispatcher::dispatch;
pub use notices::send_notices;
pub use reconcile::catch_up;
pub use sweeper::{SweepSettings, beat, sweep};
pub use webhooks::send_webhooks;
