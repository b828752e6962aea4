//! How many ways in owners have left: counted by one node for all, and told alike by every node.

use jiff::SignedDuration;
use metrics::gauge;
use tokio::time::{Instant, sleep};

use crate::domain::account::ways_left::{DrillCount, NumberOfWays, ReachFigures, ReachReport};
use crate::domain::device::Platform;
use crate::service::{Operators, VerificationError};
use crate::store;
use crate::store::shared_task::SharedTask;
use crate::telemetry::{ACCOUNTS_BY_WAYS_LEFT, DRILLED_ACCOUNTS, TRUSTED_DEVICES};

/// How long after a count the next one begins.
const PERIOD: SignedDuration = SignedDuration::from_hours(1);
/// Accounts that one statement looks at.
const AT_A_TIME: i64 = 5000;

impl Operators {
    /// Counts the ways that owners have left, if that is due and no other node does, and says in the metrics what was counted last.
    ///
    /// # Errors
    /// The database's.
    pub async fn watch_reach(&self) -> Result<(), VerificationError> {
        let task = SharedTask::CountWays;
        if self.store.run(async |db| store::shared_task::claim(db, task, PERIOD).await).await? {
            let figures = self.count_reach().await?;
            self.store.run(async |db| store::reach::keep(db, &figures).await).await?;
            self.store.run(async |db| store::shared_task::finish(db, task).await).await?;
        }
        if let Some(report) = self.reach_report().await? {
            tell(&report.figures);
        }
        Ok(())
    }

    /// The last count; `None` before the first one.
    ///
    /// # Errors
    /// The database's.
    pub async fn reach_report(&self) -> Result<Option<ReachReport>, VerificationError> {
        Ok(self.store.run(async |db| store::reach::report(db).await).await?)
    }

    /// Counts all accounts, some at a time. Between two of these it rests as long as the last one took, so that it never has more than
    /// half of one connection's time.
    async fn count_reach(&self) -> Result<ReachFigures, VerificationError> {
        let mailbox_counts = self.rules.email_fallback.is_a_way();
        let access_life = self.rules.tokens.access;
        let (mut figures, mut after) = (ReachFigures::default(), None);
        loop {
            let began = Instant::now();
            let counted = self.store.run(async |db| {
                let counted = store::reach::count_accounts(db, after, AT_A_TIME, mailbox_counts, access_life).await?;
                let mut some = ReachFigures { accounts: counted.accounts, ..ReachFigures::default() };
                if let Some(last) = counted.last {
                    some.add_devices(store::reach::count_devices(db, after, last, access_life).await?);
                    some.drill = store::drill::count(db, after, last).await?;
                }
                Ok::<_, VerificationError>((some, counted.last))
            });
            let (some, last) = counted.await?;
            figures.accounts = figures.accounts.and(some.accounts);
            figures.add_devices(some.devices);
            figures.drill = figures.drill.and(some.drill);
            if last.is_none() {
                return Ok(figures);
            }
            after = last;
            sleep(began.elapsed()).await;
        }
    }
}

fn tell(figures: &ReachFigures) {
    let DrillCount { accounts, accounts_answered, .. } = figures.drill;
    for (answered, count) in [("yes", accounts_answered), ("no", accounts - accounts_answered)] {
        gauge!(DRILLED_ACCOUNTS, "answered" => answered).set(count as f64);
    }
    for ways in NumberOfWays::ALL {
        gauge!(ACCOUNTS_BY_WAYS_LEFT, "ways" => ways.as_str()).set(figures.accounts.with(*ways) as f64);
    }
    for platform in Platform::ALL {
        let of = figures.devices.iter().filter(|of| of.platform == *platform);
        let (devices, reachable) =
            of.fold((0, 0), |(devices, reachable), of| (devices + of.devices, reachable + of.reachable));
        for (gets_code, count) in [("yes", reachable), ("no", devices - reachable)] {
            gauge!(TRUSTED_DEVICES, "platform" => platform.as_str(), "gets_code" => gets_code).set(count as f64);
        }
    }
}
