//! `guess`: many clients, over every gateway, guess at the codes of one account.
//!
//! They know the password, hold challenges of their own and share one, and ignore every wait. Fails when more codes are
//! compared than the guess budget allows in that time, when a guess is taken, or when the owner is shut out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use http::StatusCode;
use rand::RngExt;

use crate::accounts::{Account, Wanted};
use crate::client::{Answer, Begun, Challenge, Install, Person, Problem};
use crate::report::{Check, Report, Run};
use crate::stage::Stage;

/// From this wrong code on each one is followed by a wait, the first of them this long, each further one twice as long, up to the
/// longest (README, "Limits"; NIST SP 800-63B-4 section 3.2.2).
const WAIT_FROM: u64 = 10;
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// Wrong codes until new devices are frozen out.
const FREEZE_AFTER: u64 = 50;
/// What is refused is tried again after this.
const PAUSE: Duration = Duration::from_millis(10);
const ACCOUNTS_OF_A_LEAK: usize = 4;

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Clients that guess.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    clients: u32,
    /// How long, in seconds.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Let guesses go to several accounts and count them as those at one, to see that a limit that leaks is found.
    #[arg(long)]
    inject_leak: bool,
}

/// What every guesser of a run shares.
struct Attack {
    until: Instant,
    counts: Mutex<BTreeMap<String, u64>>,
    shared: Mutex<Option<Challenge>>,
}

/// Runs it.
///
/// # Errors
/// When the gateway does not answer.
pub(crate) async fn run(stage: &Stage, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let each = if options.inject_leak { ACCOUNTS_OF_A_LEAK } else { 1 };
    let accounts = stage.accounts(Wanted { accounts: stage.runs as usize * each, devices: 1 }).await?;
    for (number, accounts) in accounts.chunks(each).enumerate() {
        let span = Duration::from_secs(options.seconds);
        let began = Instant::now();
        let attack = Arc::new(Attack { until: began + span, counts: Mutex::default(), shared: Mutex::default() });
        let guessers: Vec<_> = (0..options.clients as usize)
            .map(|client| {
                let person = Person {
                    http: stage.client(client).clone(),
                    email: accounts[client % each].person.email.clone(),
                    app: None,
                };
                tokio::spawn(guess(Arc::clone(&attack), person, client))
            })
            .collect();
        stage.progress.wait("guessing", span).await;
        for guesser in guessers {
            guesser.await.context("a guesser died")??;
        }
        let counts = attack.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        judge(&counts, began.elapsed(), &accounts[0], report).await?;
        report.runs.push(Run { name: format!("gateway {}", number + 1), counts, ..Run::default() });
    }
    Ok(())
}

async fn guess(attack: Arc<Attack>, person: Person, number: usize) -> anyhow::Result<()> {
    let install = Install::new();
    let mut own = None::<Challenge>;
    while Instant::now() < attack.until {
        // Every second client goes for the newest challenge of all, with everybody else.
        let shared = attack.shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(challenge) = (if number.is_multiple_of(2) { own.clone() } else { shared }) else {
            own = attack.begin(&person, &install).await?;
            continue;
        };
        let code = format!("{:06}", rand::rng().random_range(0..1_000_000));
        let answer = person.verify(&challenge, &code, Some(false)).await?;
        if attack.count("verify", &answer)? != StatusCode::UNPROCESSABLE_ENTITY {
            own = None;
            attack.shared.lock().unwrap_or_else(PoisonError::into_inner).take();
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

impl Attack {
    async fn begin(&self, person: &Person, install: &Install) -> anyhow::Result<Option<Challenge>> {
        match person.begin(install).await? {
            Begun::Challenge(challenge) => {
                self.add("sign-in: 202");
                *self.shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(challenge.clone());
                Ok(Some(challenge))
            }
            Begun::Other(answer) => {
                self.count("sign-in", &answer)?;
                tokio::time::sleep(PAUSE).await;
                Ok(None)
            }
        }
    }

    fn count(&self, call: &str, answer: &Answer) -> anyhow::Result<StatusCode> {
        let status = answer.status;
        let code = if status.is_success() { String::new() } else { format!(" {}", answer.read::<Problem>()?.code) };
        self.add(&format!("{call}: {}{code}", status.as_u16()));
        Ok(status)
    }

    fn add(&self, what: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(what.to_owned()).or_default() += 1;
    }
}

/// Codes that may be compared in that time: ten, and one more after each wait, until the freeze.
fn budget(span: Duration) -> u64 {
    let mut compared = WAIT_FROM;
    let mut wait = FIRST_WAIT;
    let mut waited = FIRST_WAIT;
    while waited <= span && compared < FREEZE_AFTER {
        compared += 1;
        wait = (wait * 2).min(LONGEST_WAIT);
        waited += wait;
    }
    compared
}

async fn judge(
    counts: &BTreeMap<String, u64>,
    span: Duration,
    account: &Account,
    report: &mut Report,
) -> anyhow::Result<()> {
    let of =
        |prefix: &str| counts.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, count)| count).sum::<u64>();
    let compared = of("verify: 422");
    let allowed = budget(span);
    report.figure("calls", "", of("") as f64);
    report.figure("codes compared", "", compared as f64);
    report.check(Check::new(
        "no more codes are compared than the guess budget allows",
        compared <= allowed,
        format!("{compared} of {allowed} in {:.0} s", span.as_secs_f64()),
    ));
    report.check(Check::new(
        "the guesses were made",
        compared >= WAIT_FROM.min(allowed),
        format!("{compared} compared, {} calls", of("")),
    ));
    let taken = of("verify: 2");
    report.check(Check::new("no guess is taken", taken == 0, format!("{taken} taken")));
    let broken: u64 = (500..=599)
        .filter(|status| *status != 503)
        .map(|status| of(&format!("verify: {status}")) + of(&format!("sign-in: {status}")))
        .sum();
    report.check(Check::new("nothing breaks", broken == 0, format!("{broken} answers of 5xx other than 503")));
    let token = &account.devices[0].session.access_token;
    let owner = account.person.http.get("/v1/trusted-devices", Some(token)).await?;
    report.check(Check::new(
        "the owner's trusted device goes on",
        owner.status == StatusCode::OK,
        format!("{}", owner.status),
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_grows_by_one_after_each_wait() {
        let in_seconds = |seconds| budget(Duration::from_secs(seconds));
        assert_eq!([0, 29, 30, 89, 90, 209, 210].map(in_seconds), [10, 10, 11, 11, 12, 12, 13]);
        assert_eq!(in_seconds(10_000_000), 50);
    }
}
