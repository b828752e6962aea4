//! `emailed`: whole sign-ins whose code goes by email, by so many clients, each with the next when the one before is through.

mod sink;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use tokio::time::timeout;

use self::sink::Sink;
use super::stream::errands::another;
use crate::accounts::{Account, Wanted};
use crate::client::{Begun, Install};
use crate::machine::Sampler;
use crate::measure::Recorder;
use crate::options::Common;
use crate::report::{Check, Report, Run};
use crate::stage::Stage;

/// A mail that is not there by now is lost.
const MAILED_WITHIN: Duration = Duration::from_secs(30);
/// Codes that a mailbox gets within an hour (design section 9).
const MAILS_A_MAILBOX: usize = 5;

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// People who sign in at the same time.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    clients: u16,
    /// Seconds that count.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Accounts, which sign in in turn; a mailbox gets five codes an hour.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    accounts: u32,
    /// Type another code than the one that was mailed, to see that it is found.
    #[arg(long)]
    inject_wrong: bool,
}

/// The mail server that the gateway is pointed at.
///
/// # Errors
/// When it does not start, or no gateway is to be started.
pub(crate) async fn mail_server(common: &mut Common) -> anyhow::Result<Sink> {
    ensure!(common.spawn.is_some(), "the gateway must be set up for the harness's mail server: use --spawn");
    let sink = Sink::start().await?;
    let settings = [
        ("SMTP__HOST", sink.address.ip().to_string()),
        ("SMTP__PORT", sink.address.port().to_string()),
        ("SMTP__TLS", "none".to_owned()),
    ];
    common.settings.extend(settings.map(|(key, value)| (key.to_owned(), value)));
    Ok(sink)
}

/// What the clients share.
struct Play {
    accounts: Vec<Account>,
    next: AtomicUsize,
    whole: Recorder,
    handed_over: Recorder,
    through: AtomicU64,
    until: Instant,
}

/// Runs it.
///
/// # Errors
/// When the gateway does not answer.
pub(crate) async fn run(stage: &Stage, options: &Options, sink: &Sink, report: &mut Report) -> anyhow::Result<()> {
    let accounts = stage.accounts_of_app(Wanted { accounts: options.accounts as usize, devices: 0 }, true).await?;
    let began = Instant::now();
    let span = Duration::from_secs(options.seconds);
    let play = Arc::new(Play {
        accounts,
        next: AtomicUsize::default(),
        whole: Recorder::new("whole sign-in", began),
        handed_over: Recorder::new("mail handed over", began),
        through: AtomicU64::default(),
        until: began + span,
    });
    let sampler = Sampler::start(stage.processes.clone(), began);
    let before = stage.usage();
    stage.progress.say(&format!("{} clients for {} s", options.clients, options.seconds));
    let clients = (0..options.clients).map(|_| client(&play, sink, options.inject_wrong));
    let ended = futures_util::future::join_all(clients).await;
    let took = began.elapsed().as_secs_f64();
    let through = play.through.load(Ordering::Relaxed);
    report.figure("gateway: emailed sign-ins through", "1/s", through as f64 / took);
    report.figure("gateway: whole sign-in, p50", "ms", play.whole.quantile_ms(0.5));
    report.figure("gateway: whole sign-in, p99", "ms", play.whole.quantile_ms(0.99));
    report.figure("gateway: mail handed over after the answer, p99", "ms", play.handed_over.quantile_ms(0.99));
    if let (Some(before), Some(after)) = (before, stage.usage()) {
        let each = 1000.0 * (after.cpu_seconds - before.cpu_seconds) / through.max(1) as f64;
        report.figure("gateway: CPU a sign-in", "ms", each);
    }
    report.runs.push(Run {
        name: "gateway 1".to_owned(),
        latencies: vec![play.whole.finish(), play.handed_over.finish()],
        samples: sampler.samples(),
        ..Run::default()
    });
    let failed: Vec<String> = ended.into_iter().filter_map(|end| end.err().map(|error| format!("{error:#}"))).collect();
    report.check(Check::new("every emailed sign-in goes through", failed.is_empty(), failed.join("; ")));
    Ok(())
}

/// Signs in with one account after the other.
async fn client(play: &Play, sink: &Sink, types_wrong: bool) -> anyhow::Result<()> {
    while Instant::now() < play.until {
        let number = play.next.fetch_add(1, Ordering::Relaxed);
        ensure!(
            number < MAILS_A_MAILBOX * play.accounts.len(),
            "the mailboxes got all the codes they may: use more --accounts"
        );
        let person = &play.accounts[number % play.accounts.len()].person;
        let intended = Instant::now();
        let Begun::Challenge(challenge) = person.begin(&Install::new()).await? else {
            anyhow::bail!("a sign-in was not begun");
        };
        let mailed = sink.expect(&person.mailbox());
        person.resend_by_email(&challenge).await?;
        let asked = Instant::now();
        let mailed = timeout(MAILED_WITHIN, mailed).await.context("no mail came")??;
        play.handed_over.record(intended, mailed.at.saturating_duration_since(asked));
        let typed = if types_wrong { another(&mailed.code) } else { mailed.code };
        person.finish(&challenge, &typed, false).await?;
        play.whole.done(intended);
        play.through.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
