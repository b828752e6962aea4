//! `twostep migrate`.

use std::io::Write;
use std::process::ExitCode;

use crate::app::{self, Found};
use crate::settings::Settings;
use crate::store::mailbox_forms::Collision;

/// Brings the database up to date, or says whether it is.
///
/// # Errors
/// When the database does not answer.
pub async fn migrate(settings: &Settings, check: bool) -> anyhow::Result<ExitCode> {
    let Found { missing, mailboxes } = app::migrate(settings, check).await?;
    let mut out = std::io::stdout();
    match (missing.as_slice(), check) {
        ([], _) => writeln!(out, "the database is up to date")?,
        (missing, true) => writeln!(out, "to do: {}", missing.join(", "))?,
        (missing, false) => writeln!(out, "done: {}", missing.join(", "))?,
    }
    match mailboxes.to_settle {
        0 => {}
        1 => writeln!(out, "to do: 1 mailbox is not in its one form")?,
        count => writeln!(out, "to do: {count} mailboxes are not in their one form")?,
    }
    for Collision { account, holder } in &mailboxes.collisions {
        writeln!(
            out,
            "accounts {account} and {holder} have one mailbox, written differently, and nobody can sign in to the first: look at both with `twostep account list`, and `twostep account delete` one of them"
        )?;
    }
    let is_settled = mailboxes.collisions.is_empty() && (!check || missing.is_empty() && mailboxes.to_settle == 0);
    Ok(if is_settled { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
