//! The actors: soft state for each account that has something live on this node. Killing any of them loses nothing,
//! because the truth is in the database.
//!
//! ```text
//! connection ──Attach──▶ directory ──▶ user actor ──codes──▶ connections
//! bus ────────facts────▶ (shards)                ──mail, push──▶ providers
//! sweeper ──overdue────▶                         ──states──▶ database
//! ```

mod directory;
mod mails_under_way;
mod messages;
mod services;
#[cfg(test)]
mod tests;
mod user;

pub use directory::{Directory, Observed};
pub use mails_under_way::{MailUnderWay, MailsUnderWay};
pub use messages::{Attach, Detach, DeviceSays, DirectoryError, LetGo, Outgoing, ToConnection};
pub use services::Services;
pub use user::User;
