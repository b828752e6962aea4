//! Mailboxes of before they had one form: brought into it once, when the schema is.

use tokio_postgres::Row;
use tracing::warn;

use super::{Db, Store, StoreError, execute, optional_row, query, rows};
use crate::domain::account::email::EmailAddress;
use crate::domain::value::id::AccountId;
use crate::store::postgres::row::{get, id};

/// Two accounts of one mailbox: which of them its owner wants only people can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collision {
    /// The account whose address is in an earlier form: nobody can sign in to it.
    pub account: AccountId,
    /// The one that has the mailbox.
    pub holder: AccountId,
}

/// The mailboxes that are not in their one form.
#[derive(Debug, Default)]
pub struct Forms {
    /// How many [`settle`] brings into it.
    pub to_settle: usize,
    /// Those that another account has.
    pub collisions: Vec<Collision>,
}

/// Looks for mailboxes that are not in their one form. Changes nothing.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn look(store: &Store) -> Result<Forms, StoreError> {
    go_through(store, false).await
}

/// Brings every mailbox into its one form; those that collide stay as they are, and are said.
///
/// # Errors
/// [`StoreError`] when the database does not answer.
pub async fn settle(store: &Store) -> Result<(), StoreError> {
    for Collision { account, holder } in go_through(store, true).await?.collisions {
        warn!(
            { account.id = %account, other.id = %holder },
            "two accounts have one mailbox, written differently, and nobody can sign in to the first: `twostep account delete` one of them, then `twostep migrate`"
        );
    }
    Ok(())
}

async fn go_through(store: &Store, settles: bool) -> Result<Forms, StoreError> {
    let connection = store.connection().await?;
    let mut forms = Forms::default();
    for row in rows(&*connection, query!("account/in_other_form"), &[]).await? {
        let account = id(&row, "account_id", AccountId::new)?;
        let kept = get::<Option<String>>(&row, "email")?;
        let address = in_form(&row, "email")?;
        let kept_contact = get::<Option<String>>(&row, "contact_email")?;
        let contact = in_form(&row, "contact_email")?;
        if (&kept, &kept_contact) == (&address, &contact) {
            continue;
        }
        let taken_by = match &address {
            Some(address) => holder(&*connection, address, account).await?,
            None => None,
        };
        if let Some(holder) = taken_by {
            forms.collisions.push(Collision { account, holder });
            continue;
        }
        forms.to_settle += 1;
        if settles {
            execute(&*connection, query!("account/set_addresses"), &[&account.uuid(), &address, &contact]).await?;
        }
    }
    Ok(forms)
}

fn in_form(row: &Row, column: &str) -> Result<Option<String>, StoreError> {
    let kept: Option<&str> = get(row, column)?;
    Ok(kept.map(|text| EmailAddress::kept(text).as_str().to_owned()))
}

async fn holder(db: &impl Db, address: &str, account: AccountId) -> Result<Option<AccountId>, StoreError> {
    let found = optional_row(db, query!("account/holder_of_address"), &[&address]).await?;
    let holder = found.map(|row| id(&row, "account_id", AccountId::new)).transpose()?;
    Ok(holder.filter(|holder| *holder != account))
}
