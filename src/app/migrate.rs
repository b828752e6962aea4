//! `twostep migrate`: brings the database up to date before a gateway does.

use super::{AppError, parts};
use crate::settings::Settings;
use crate::store::mailbox_forms::Forms;
use crate::store::{self, Schema, StoreError};

/// What a look at the database found.
pub struct Found {
    /// The migrations that it lacked.
    pub missing: Vec<&'static str>,
    /// The mailboxes that were not in their one form.
    pub mailboxes: Forms,
}

/// Brings the database up to date, unless it is only looked at.
///
/// # Errors
/// [`AppError`] when it cannot be reached, or a migration fails.
pub async fn migrate(settings: &Settings, only_look: bool) -> Result<Found, AppError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (_private, store) = parts::open_database(settings).await?;
    store::postgres::server::require(&store).await?;
    let missing = match store::look(&store).await? {
        Schema::Lacks(missing) => missing,
        Schema::UpToDate | Schema::Newer { .. } => Vec::new(),
    };
    if !only_look && !missing.is_empty() {
        // What it settles is looked at below.
        store::migrate(&store).await?;
    } else if !only_look {
        // An operator may have decided a collision since.
        store::mailbox_forms::settle(&store).await?;
    }
    let mailboxes = match store::mailbox_forms::look(&store).await {
        // A schema of before there were these columns, or none.
        Err(StoreError::Refused(_)) => Forms::default(),
        looked => looked?,
    };
    Ok(Found { missing, mailboxes })
}
