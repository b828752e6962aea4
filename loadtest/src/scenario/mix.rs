//! `mix`: sign-ins, wrong codes, looks and reconnections side by side, as a file says.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use super::stream::{Errand, Flow, Pace, Stream};
use crate::accounts::Wanted;
use crate::crowd::{Crowd, Way};
use crate::inject::{Fault, Proxy};
use crate::machine::{Sampler, raise_open_files};
use crate::report::{Report, Run};
use crate::stage::Stage;

/// What the scenario can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// What goes on, as TOML; loadtest/mixes/ has one with all keys explained.
    file: PathBuf,
    /// Let a proxy make mistakes with codes, to see that they are found.
    #[arg(long)]
    inject: Option<Fault>,
}

/// What goes on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mix {
    accounts: u32,
    devices: u32,
    warm_up: u64,
    seconds: u64,
    /// Of each, how many a second; what is not named does not happen.
    rates: Rates,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rates {
    sign_ins: f64,
    wrong_codes: f64,
    looks: f64,
    returns: f64,
}

impl Mix {
    fn read(file: &std::path::Path) -> anyhow::Result<Self> {
        ensure!(file.is_file(), "{} is no file", file.display());
        let mix: Self = Figment::from(Toml::file_exact(file)).extract().with_context(|| file.display().to_string())?;
        ensure!((1..=100_000).contains(&mix.accounts), "accounts must be 1 to 100000");
        ensure!((2..=10).contains(&mix.devices), "devices must be 2 to 10");
        ensure!((1..=86_400).contains(&mix.seconds), "seconds must be 1 to 86400");
        let rates = mix.rates.all();
        ensure!(rates.iter().all(|(_, rate)| (0.0..=100_000.0).contains(rate)), "rates must be 0 to 100000");
        ensure!(rates.iter().any(|(_, rate)| *rate > 0.0), "all rates are 0: nothing would happen");
        Ok(mix)
    }
}

impl Rates {
    fn all(&self) -> [(Errand, f64); 4] {
        [
            (Errand::SignIn, self.sign_ins),
            (Errand::WrongCode, self.wrong_codes),
            (Errand::Look, self.looks),
            (Errand::Return, self.returns),
        ]
    }
}

/// Runs it.
///
/// # Errors
/// When the file says something else, or the gateway does not answer.
pub(crate) async fn run(stage: &Stage, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let mix = Mix::read(&options.file)?;
    raise_open_files(u64::from(3 * mix.accounts * mix.devices))?;
    let accounts = stage.accounts(Wanted { accounts: mix.accounts as usize, devices: mix.devices as usize }).await?;
    let proxy = Proxy::start(&stage.targets[0], options.inject).await?;
    let way = Way { targets: stage.seen_through(proxy.as_ref()), ..Way::default() };
    let stream = Arc::new(Stream::new(Arc::new(Crowd::connect(accounts, &way, &stage.progress).await?)));
    let mut failed = 0;
    for number in 1..=stage.runs {
        failed += once(stage, &stream, &mix, number, report).await?;
    }
    stream.judge(failed, report).await
}

/// One run; answers with the errands that failed.
async fn once(stage: &Stage, stream: &Arc<Stream>, mix: &Mix, number: u32, report: &mut Report) -> anyhow::Result<u64> {
    let warm_up = Duration::from_secs(mix.warm_up);
    let span = Duration::from_secs(mix.seconds);
    let sampler = Sampler::start(stage.processes.clone(), Instant::now() + warm_up);
    let before = stage.usage();
    let rates = mix.rates.all().into_iter().filter(|(_, rate)| *rate > 0.0);
    let flows = rates.map(|(errand, rate)| async move {
        anyhow::Ok((errand, stream.run_errands(errand, Pace { rate, warm_up, span }).await?))
    });
    let (flows, ()) = tokio::try_join!(futures_util::future::try_join_all(flows), async {
        stage.progress.wait(&format!("run {number}"), warm_up + span).await;
        Ok(())
    })?;
    for (errand, flow) in &flows {
        report.figure(format!("{}, p50", errand.name()), "ms", flow.whole.quantile_ms(0.5));
        report.figure(format!("{}, p99", errand.name()), "ms", flow.whole.quantile_ms(0.99));
        report.figure(format!("{}, through", errand.name()), "1/s", flow.rate());
    }
    if let (Some(before), Some(after)) = (before, stage.usage()) {
        let cores = (after.cpu_seconds - before.cpu_seconds) / (warm_up + span).as_secs_f64();
        report.figure("CPU of the gateway", "cores", cores);
        report.figure("memory", "MiB", after.memory_kib / 1024.0);
    }
    report.runs.push(Run {
        name: format!("run {number}"),
        latencies: flows.iter().flat_map(|(_, flow)| flow.latencies()).collect(),
        samples: sampler.samples(),
        counts: flows.iter().flat_map(|(_, flow)| flow.counts()).collect(),
        ..Run::default()
    });
    Ok(flows.iter().map(|(_, flow)| Flow::failed(flow)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Mix> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Mix::read(file.path())
    }

    #[test]
    fn the_mix_that_ships_is_sound() {
        let mix = Mix::read(std::path::Path::new("mixes/evening.toml")).unwrap();
        assert!(mix.rates.all().iter().all(|(_, rate)| *rate > 0.0), "it shows every key");
    }

    #[test]
    fn what_a_mix_cannot_be_is_said() {
        let head = "accounts = 10\ndevices = 2\nwarm_up = 0\nseconds = 5\n";
        let error = |text: &str| format!("{:#}", read(&format!("{head}{text}")).unwrap_err());
        assert!(error("[rates]\nsing_ins = 5.0").contains("sing_ins"));
        assert!(error("[rates]\nlooks = -1.0").contains("rates must be"));
        assert!(error("[rates]").contains("nothing would happen"));
        assert!(format!("{:#}", read("accounts = 10").unwrap_err()).contains("devices"));
    }
}
