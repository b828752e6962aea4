//! `hostile`: half-open handshakes, readers that do not read and frame bombs, while people sign in; and, at a gateway that speaks TLS,
//! requests of HTTP/2 whose heads cost their sender almost nothing.
//!
//! Sign-ins at a fixed rate go through before, during and after. Fails when they are slower than twice the quiet p99 meanwhile,
//! when one goes wrong, when a bomb's connection is not closed, or when memory does not come back.

mod attack;
mod bombs;
mod frames;
mod options;
mod origin;
mod part;
mod streams;
mod tally;
mod tunnel;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::attack::Attack;
pub(crate) use self::options::Options;
use self::part::{MOST_TIMES_SLOWER, Memory, Part};
use super::stream::{Flow, Stream};
use crate::accounts::Wanted;
use crate::crowd::{Crowd, Way};
use crate::inject::Proxy;
use crate::machine::{Sampler, raise_open_files};
use crate::report::{Check, Report, Run};
use crate::stage::Stage;

/// Devices of an attacker's account: as many as one account may have is 10.
const ATTACKER_DEVICES: usize = 10;
/// After the attack memory gets this long to come back.
const REST: Duration = Duration::from_secs(20);
/// Of what memory grew meanwhile this share may stay, and this much in any case: allocators keep some.
const SHARE_THAT_STAYS: f64 = 0.25;
const MIB_THAT_STAY: f64 = 16.0;

/// Runs it.
///
/// # Errors
/// When the gateway does not answer.
pub(crate) async fn run(stage: &Stage, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    raise_open_files(u64::from(options.half_open + options.slow_readers + options.bombers + 2 * options.accounts))?;
    let bombers = (options.bombers as usize).div_ceil(ATTACKER_DEVICES);
    let attackers = stage.accounts(Wanted { accounts: bombers, devices: ATTACKER_DEVICES }).await?;
    let people = stage.accounts(Wanted { accounts: options.accounts as usize, devices: 2 }).await?;
    let proxy = Proxy::start(&stage.targets[0], options.inject).await?;
    let way = Way { targets: stage.seen_through(proxy.as_ref()), ..Way::default() };
    let crowd = Arc::new(Crowd::connect(people, &way, &stage.progress).await?);
    let stream = Arc::new(Stream::new(Arc::clone(&crowd)));
    let mut failed = 0;
    for number in 1..=stage.runs {
        let began = Instant::now();
        let sampler = Sampler::start(stage.processes.clone(), began);
        let mut run = Run { name: format!("gateway {number}"), ..Run::default() };
        let mut memory = Memory::default();
        let part = Part { stage, stream: &stream, options, began };
        let quiet = part.play("before", Duration::from_secs(3), &mut run).await?;
        memory.before = stage.memory_mib();
        let attack = Attack::start(stage, &attackers, options)?;
        let during = part.play("meanwhile", Duration::ZERO, &mut run).await?;
        memory.most = sampler.samples().memory_mib.iter().map(|sample| sample.1).fold(0.0, f64::max);
        let tally = attack.stop().await;
        stage.progress.wait("rest", REST).await;
        let after = part.play("after", Duration::ZERO, &mut run).await?;
        memory.after = stage.memory_mib();
        run.samples = sampler.samples();
        failed += quiet.failed() + during.failed() + after.failed();
        judge_times([&quiet, &during, &after], report);
        judge_memory(&memory, report);
        let open = tally.get(bombs::NOT_CLOSED).copied().unwrap_or_default();
        report.check(Check::new("every frame bomb ends its connection", open == 0, format!("{open} stayed open")));
        run.counts.extend(tally);
        report.runs.push(run);
    }
    stream.judge(failed, report).await?;
    if options.http2_connections > 0 && stage.spawned().is_ok() {
        streams::run(stage, options, report).await?;
    }
    Ok(())
}

fn judge_times(flows: [&Arc<Flow>; 3], report: &mut Report) {
    let [quiet, during, after] = flows.map(|flow| flow.whole.quantile_ms(0.99));
    report.figure("sign-in p99 before", "ms", quiet);
    report.figure("sign-in p99 meanwhile", "ms", during);
    report.figure("sign-in p99 after", "ms", after);
    let seen = |p99: f64| format!("{p99:.1} ms, {:.2} times {quiet:.1} ms", p99 / quiet);
    report.check(Check::new(
        "sign-ins meanwhile stay within twice the quiet p99",
        during <= MOST_TIMES_SLOWER * quiet,
        seen(during),
    ));
    report.check(Check::new(
        "sign-ins after it stay within twice the quiet p99",
        after <= MOST_TIMES_SLOWER * quiet,
        seen(after),
    ));
}

fn judge_memory(memory: &Memory, report: &mut Report) {
    if memory.before == 0.0 {
        return;
    }
    report.figure("memory before", "MiB", memory.before);
    report.figure("memory meanwhile, most", "MiB", memory.most);
    report.figure("memory after", "MiB", memory.after);
    let grown = memory.most - memory.before;
    let stays = memory.after - memory.before;
    report.check(Check::new(
        "memory comes back",
        stays <= (grown * SHARE_THAT_STAYS).max(MIB_THAT_STAY),
        format!("{:.0} MiB, at most {:.0}, then {:.0}", memory.before, memory.most, memory.after),
    ));
}
