//! `twostep serve`: from the settings to the last signal.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use crate::app::App;
use crate::http::operator::Reloaded;
use crate::settings::{self, Settings};

/// Runs a gateway until a signal or an operator ends it. `config` is read again at SIGHUP.
///
/// # Errors
/// When the gateway cannot start.
pub async fn serve(settings: &Settings, config: Option<&Path>) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be handled")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
    let mut hang_up = signal(SignalKind::hangup()).context("SIGHUP cannot be handled")?;
    let app = tokio::select! {
        app = App::start(settings) => app?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    writeln!(std::io::stdout(), "listening on {}", app.url())?;
    std::io::stdout().flush()?;
    tell_service_manager(&[NotifyState::Ready]);
    let mut alive = watchdog();
    loop {
        tokio::select! {
            _ = alive.tick() => tell_service_manager(&[NotifyState::Watchdog]),
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            () = app.drain_asked() => break,
            // What came of it is in the log.
            _ = hang_up.recv() => drop(reload(&app, config)),
            // Who asked may be gone.
            wish = app.reload_asked() => drop(wish.send(reload(&app, config))),
        }
    }
    tell_service_manager(&[NotifyState::Stopping]);
    app.stop().await;
    Ok(())
}

/// Tells systemd, where it started the gateway (sd_notify(3)), and nobody elsewhere.
fn tell_service_manager(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(false, states) {
        warn!(%error, "the service manager is not told");
    }
}

/// Ticks twice as often as the service manager wants to hear that the gateway is alive (sd_watchdog_enabled(3)).
fn watchdog() -> tokio::time::Interval {
    let mut microseconds = 0;
    let is_on = sd_notify::watchdog_enabled(false, &mut microseconds) && microseconds > 1;
    // Without one a tick in a hundred years does no harm.
    let period = if is_on { Duration::from_micros(microseconds / 2) } else { Duration::from_hours(24 * 365 * 100) };
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}

/// Reads the settings again; those that are wrong change nothing.
fn reload(app: &App, config: Option<&Path>) -> Result<Reloaded, String> {
    let read = settings::load(config).map_err(|problem| problem.to_string());
    match read.and_then(|settings| app.reload(&settings).map_err(|problem| problem.to_string())) {
        Ok(reloaded) => {
            let restart_needed = reloaded.restart_needed.join(", ");
            info!(settings.restart_needed = restart_needed, "the settings were read again");
            Ok(reloaded)
        }
        Err(problem) => {
            error!(error = problem, "the settings cannot be read again: those from before stay in force");
            Err(problem)
        }
    }
}
