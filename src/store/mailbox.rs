//! Mails to mailboxes, counted whichever account they are for.

use super::{Db, StoreError, execute, one_row, query};
use crate::domain::account::email::MailboxHash;
use crate::domain::challenge::send_quota::{MailSpender, Sent, SentMails};
use crate::store::postgres::row::{count, get};

/// How many codes were mailed to a mailbox lately, by strangers or by accounts as `spender` is one. Locks the mailbox until the
/// transaction ends, so that what is decided by it holds: call it after the account's lock.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn count_sends(db: &impl Db, mailbox: &MailboxHash, spender: &MailSpender) -> Result<SentMails, StoreError> {
    one_row(db, query!("mailbox/lock"), &[&mailbox.as_bytes()]).await?;
    let (account, network) = columns(spender);
    let row = one_row(db, query!("mailbox/count"), &[&mailbox.as_bytes(), &account, &network]).await?;
    Ok(SentMails {
        hour: Sent { count: count(&row, "hour")?, first: get(&row, "first_hour")? },
        day: Sent { count: count(&row, "day")?, first: get(&row, "first_day")? },
        own_day: count(&row, "own_day")?,
    })
}

/// Counts a code that is mailed.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn add_send(db: &impl Db, mailbox: &MailboxHash, spender: &MailSpender) -> Result<(), StoreError> {
    let (account, network) = columns(spender);
    execute(db, query!("mailbox/add"), &[&mailbox.as_bytes(), &account, &network]).await?;
    Ok(())
}

fn columns(spender: &MailSpender) -> (Option<uuid::Uuid>, Option<String>) {
    match spender {
        MailSpender::Account(account) => (Some(account.uuid()), None),
        MailSpender::Stranger(network) => (None, Some(network.to_string())),
    }
}
