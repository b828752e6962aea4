//! What must hold after a stream of errands.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use futures_util::stream::{self, StreamExt};
use http::StatusCode;

use super::{CODE_WITHIN, Stream};
use crate::client::Begun;
use crate::crowd::{Seat, Verdict};
use crate::report::{Check, Report};

/// A removed device's connection ends within 1 s (design section 5); a busy machine may be late.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);
/// Accounts whose login activity is compared, and that lose a device at the end.
const SAMPLE: usize = 20;
/// Calls under way in the checks.
const AT_ONCE: usize = 8;

impl Stream {
    /// How often connections ended that nobody ended here, by close code; `None` when none did.
    pub(crate) fn closed(&self) -> Option<String> {
        let codes = self.crowd.ledger.close_codes();
        let word = |code: Option<u16>| code.map_or_else(|| "without a close code".to_owned(), |code| code.to_string());
        let texts: Vec<String> = codes.iter().map(|(code, count)| format!("{}: {count}", word(*code))).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    }

    /// Adds all that must hold of the codes to the report. `failed` errands went wrong.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub(crate) async fn judge(&self, failed: u64, report: &mut Report) -> anyhow::Result<()> {
        let numbers = self.removable();
        let count = numbers.len();
        let wrong = self.remove_devices(numbers).await;
        let seen = wrong.first().map_or_else(|| format!("{count} devices"), |error| format!("{error:#}"));
        if count > 0 {
            report.check(Check::new("a removed device is shut out, and others go on", wrong.is_empty(), seen));
        }
        let verdict = self.crowd.ledger.settle(CODE_WITHIN).await;
        report_verdict(&verdict, report);
        report.check(Check::new("every sign-in goes through", failed == 0, format!("{failed} failed")));
        let different = self.compare_activity().await?;
        report.check(Check::new(
            "the login activity has every attempt once",
            different.is_empty(),
            if different.is_empty() { format!("{SAMPLE} accounts at most") } else { different.join(", ") },
        ));
        Ok(())
    }

    /// Some accounts that have another connected device when they lose one.
    fn removable(&self) -> Vec<u32> {
        let numbers = 0..self.crowd.accounts.len() as u32;
        numbers.filter(|number| self.crowd.devices_of(*number).count_ones() > 1).take(SAMPLE).collect()
    }

    /// Removes a device of these accounts, and signs in once more: its code must not come to the removed device. Answers with what
    /// went wrong.
    async fn remove_devices(&self, numbers: Vec<u32>) -> Vec<anyhow::Error> {
        let removals = stream::iter(numbers).map(|number| self.remove_one(number)).buffer_unordered(AT_ONCE);
        removals.filter_map(async |removed| removed.err()).collect().await
    }

    async fn remove_one(&self, number: u32) -> anyhow::Result<()> {
        let account = &self.crowd.accounts[number as usize];
        let last = account.devices.len() - 1;
        let seat = Seat { account: number, device: last as u8 };
        let ledger = &self.crowd.ledger;
        let token = &account.devices[0].session.access_token;
        let path = format!("/v1/trusted-devices/{}", account.devices[last].device.id);
        let answer = account.person.http.delete(&path, token).await?;
        anyhow::ensure!(answer.status == StatusCode::NO_CONTENT, "a device cannot be removed: {}", answer.text());
        ledger.removed(seat);
        let begun = account.person.begin(&self.installs[number as usize]).await?;
        let Begun::Challenge(challenge) = begun else { anyhow::bail!("after a removal: {}", begun.text()) };
        self.attempts[number as usize].fetch_add(1, Ordering::Relaxed);
        let asked = ledger.ask(challenge.id, number, self.crowd.devices_of(number) & !(1 << last));
        let closed = ledger.until_closed(seat, CLOSED_WITHIN).await;
        anyhow::ensure!(closed, "a removed device stays connected for {CLOSED_WITHIN:?}");
        let shown = tokio::time::timeout(CODE_WITHIN, asked.first).await.context("after a removal no code came")??;
        if let Some(pushes) = &self.pushes {
            pushes.all(challenge.id, number, &shown.code, CODE_WITHIN).await?;
        }
        let answer = account.person.verify(&challenge, &shown.code, Some(false)).await?;
        anyhow::ensure!(answer.status == StatusCode::OK, "after a removal: {}", answer.text());
        Ok(())
    }

    /// Accounts whose login activity has another number of sign-ins than were made. Of those without an answer nobody knows.
    async fn compare_activity(&self) -> anyhow::Result<Vec<String>> {
        let mut different = Vec::new();
        let counters = self.attempts.iter().zip(&self.unanswered);
        for (account, (attempts, unanswered)) in self.crowd.accounts.iter().zip(counters).take(SAMPLE) {
            let made = u64::from(attempts.load(Ordering::Relaxed));
            let perhaps = u64::from(unanswered.load(Ordering::Relaxed));
            let written = account.person.count_attempts(&account.devices[0].session.access_token).await?;
            if !(made..=made + perhaps).contains(&written) {
                different.push(format!("{made} made and {written} written"));
            }
        }
        Ok(different)
    }
}

/// Adds what must hold of the codes.
pub(crate) fn report_verdict(verdict: &Verdict, report: &mut Report) {
    let of = format!("of {} codes for {} challenges", verdict.expected, verdict.challenges);
    for (name, count) in verdict.all() {
        report.check(Check::new(name, count == 0, format!("{count} {of}")));
    }
}
