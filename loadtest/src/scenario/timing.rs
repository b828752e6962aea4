//! `timing`: can a stranger tell by the clock whether an address has an account?
//!
//! Pairs of refused sign-ins, one for an unknown address and one with a wrong password, in random order, one after another.
//! Fails when the medians differ by 2 % or more, or when a rank test tells the two sets apart (OWASP Authentication Cheat
//! Sheet, "Authentication and Error Messages").

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::ensure;
use clap::Args;
use http::StatusCode;
use rand::RngExt;

use crate::accounts::{Account, Wanted};
use crate::client::{Install, Person};
use crate::measure::{Recorder, bootstrap_of_medians, mann_whitney, median};
use crate::report::{Check, Report, Run};
use crate::stage::Stage;

/// Wrong passwords that an address takes from one network before waits begin (`domain::password_waits`).
const WRONG_WITHOUT_WAIT: usize = 9;
/// Medians that differ by less cannot be told apart over a network.
const GREATEST_DIFFERENCE: f64 = 0.02;
/// A difference that chance makes less often than this is one.
const ALPHA: f64 = 0.01;
const WRONG_PASSWORD: &str = "not the password of anybody here";

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Pairs of sign-ins in a run.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(50..=100_000))]
    pairs: u32,
    /// Pairs before that are not counted.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    warm_up: u32,
    /// Count half as much again for unknown addresses, to see that it is found, however busy the machine.
    #[arg(long)]
    inject_leak: bool,
}

/// Runs it.
///
/// # Errors
/// When the gateway does not answer as it should.
pub(crate) async fn run(stage: &Stage, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let per_run = (options.pairs + options.warm_up) as usize;
    let needed = (per_run * stage.runs as usize).div_ceil(WRONG_WITHOUT_WAIT * stage.clients());
    let known = stage.accounts(Wanted { accounts: needed, devices: 0 }).await?;
    let mut next = 0;
    for number in 1..=stage.runs {
        let mut pairs = Vec::with_capacity(per_run);
        let began = Instant::now();
        let bar = stage.progress.bar("pairs", per_run as u64);
        let unknown = Recorder::new("unknown address", began);
        let wrong = Recorder::new("wrong password", began);
        for _ in 0..per_run {
            pairs.push(pair(stage, &known, next, (&unknown, &wrong)).await?);
            next += 1;
            bar.set(pairs.len() as u64);
        }
        bar.finish();
        if options.inject_leak {
            pairs.iter_mut().for_each(|(unknown, _)| *unknown *= 1.5);
        }
        judge(&pairs[options.warm_up as usize..], report);
        report.runs.push(Run {
            name: format!("gateway {number}"),
            latencies: vec![unknown.finish(), wrong.finish()],
            counts: BTreeMap::from([("pairs counted".to_owned(), options.pairs.into())]),
            ..Run::default()
        });
    }
    Ok(())
}

/// Milliseconds for an unknown address and for a wrong password.
async fn pair(
    stage: &Stage,
    known: &[Account],
    number: usize,
    (unknown, wrong): (&Recorder, &Recorder),
) -> anyhow::Result<(f64, f64)> {
    let account = &known[number % known.len()];
    // Each address is tried from each source in turn: no wait begins.
    let http = stage.client(number / known.len()).clone();
    let somebody = Person { http: http.clone(), email: account.person.email.clone(), app: None };
    let nobody = Person { http, email: account.person.email.replacen("load-", "none-", 1), app: None };
    let unknown_first = rand::rng().random::<bool>();
    let (first, second) = if unknown_first { (&nobody, &somebody) } else { (&somebody, &nobody) };
    let first = refused(first).await?;
    let second = refused(second).await?;
    ensure!(first.1 == second.1, "the two answers differ: {} and {}", first.1, second.1);
    let (of_unknown, of_wrong) = if unknown_first { (first.0, second.0) } else { (second.0, first.0) };
    let now = Instant::now();
    unknown.record(now, of_unknown);
    wrong.record(now, of_wrong);
    Ok((of_unknown.as_secs_f64() * 1000.0, of_wrong.as_secs_f64() * 1000.0))
}

/// How long the refusal took, and its body.
async fn refused(person: &Person) -> anyhow::Result<(std::time::Duration, String)> {
    let install = Install::new();
    let began = Instant::now();
    let answer = person.sign_in_with(WRONG_PASSWORD, &install).await?;
    let took = began.elapsed();
    let body = answer.expect::<serde_json::Value>(StatusCode::UNAUTHORIZED)?;
    Ok((took, body.to_string()))
}

fn judge(pairs: &[(f64, f64)], report: &mut Report) {
    let (unknown, wrong): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let of_unknown = median(&unknown);
    let of_wrong = median(&wrong);
    let difference = bootstrap_of_medians(pairs);
    let share = difference.value / of_wrong;
    let likelihood = mann_whitney(&unknown, &wrong);
    report.figure("median, unknown address", "ms", of_unknown);
    report.figure("median, wrong password", "ms", of_wrong);
    report.figure("difference of medians", "ms", difference.value);
    report.figure("difference, low end of 95 %", "ms", difference.low);
    report.figure("difference, high end of 95 %", "ms", difference.high);
    report.figure("Mann-Whitney p", "", likelihood);
    report.check(Check::new(
        "the medians differ by less than 2 %",
        share.abs() < GREATEST_DIFFERENCE,
        format!(
            "{:+.2} %, 95 % between {:+.2} and {:+.2} %",
            100.0 * share,
            100.0 * difference.low / of_wrong,
            100.0 * difference.high / of_wrong
        ),
    ));
    report.check(Check::new(
        "a rank test does not tell the two apart (alpha 0.01)",
        likelihood >= ALPHA,
        format!("Mann-Whitney p = {likelihood:.3}, {} pairs", pairs.len()),
    ));
}
