//! The database server itself.

use jiff::Timestamp;

use super::row::{count, get};
use super::{Db, StoreError, one_row, query};

/// What a server says of itself.
pub struct Server {
    /// For instance 150018.
    pub version_number: u32,
    /// For instance `15.18 (Debian 15.18-0+deb12u1)`.
    pub version: String,
    /// Its clock.
    pub now: Timestamp,
}

/// Asks the server what it is.
///
/// # Errors
/// [`StoreError`] when it does not answer.
pub async fn describe(db: &impl Db) -> Result<Server, StoreError> {
    let row = one_row(db, query!("server/describe"), &[]).await?;
    Ok(Server {
        version_number: count(&row, "version_number")?,
        version: get(&row, "version")?,
        now: get(&row, "now")?,
    })
}
