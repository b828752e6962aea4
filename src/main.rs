//! The command line.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use sd_notify::NotifyState;
use tikv_jemallocator::Jemalloc;
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};
use twostep::app::{App, Found};
use twostep::cli::admin::{
    AccountArguments, ActivityArguments, AdminCommand, DeviceArguments, ExportArguments, KeysArguments,
};
use twostep::cli::code_keys::CodeKeysArguments;
#[cfg(feature = "demo")]
use twostep::cli::demo;
use twostep::cli::operator_client::Configured;
use twostep::cli::rollout::RolloutArguments;
use twostep::cli::{code_keys, doctor, rollout};
use twostep::http::operator::Reloaded;
use twostep::settings::Settings;
use twostep::store::mailbox_forms::Collision;
use twostep::{app, settings, telemetry};

/// Memory of thousands of connections goes back to the system after they are gone: see docs/decisions/0013-allocator.md.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// A self-hosted two-step verification gateway.
#[derive(Parser)]
#[command(version, about, long_about = None)]
struct Arguments {
    /// A configuration file; config/default.toml documents every key.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway (the default).
    Serve,
    #[cfg(feature = "demo")]
    /// Play a whole sign-in story, from a refused sign-in to a trusted device, and print it as a timeline.
    Demo {
        /// Use a running gateway in development mode instead of starting one, for instance http://127.0.0.1:8080.
        #[arg(long, value_name = "URL", conflicts_with = "push")]
        url: Option<String>,
        /// Also show how sleeping devices are reached, with simulated push providers.
        #[arg(long)]
        push: bool,
    },
    /// Check everything the gateway depends on, and say what is wrong and how to fix it.
    Doctor,
    /// Show and change which accounts a running gateway offers two-step verification to.
    Rollout(RolloutArguments),
    /// Create, rotate and revoke the keys that codes are derived from. Running gateways pick up the changed file on their own.
    CodeKeys(CodeKeysArguments),
    /// Create, list, rotate and revoke API keys for apps' servers.
    Keys(KeysArguments),
    /// See an account, sign it out, or delete it.
    Account(AccountArguments),
    /// See and remove the trusted devices of an account.
    Device(DeviceArguments),
    /// Show the login activity of an account.
    Activity(ActivityArguments),
    /// Export everything that is kept about an account, as JSON.
    Export(ExportArguments),
    /// Bring the database up to date, then exit.
    Migrate {
        /// Change nothing; exit with 1 if there is something to do.
        #[arg(long)]
        check: bool,
    },
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Write a manual page for each command.
    Man {
        /// An existing folder.
        folder: PathBuf,
    },
    /// Print the OpenAPI document of the HTTP API.
    Openapi,
    /// Print the reference of all commands, for docs/cli.md.
    #[command(hide = true)]
    Reference,
    /// Check the configuration without starting the gateway.
    CheckConfig,
    /// Print every setting with its default and its documentation.
    DefaultConfig,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => code,
        // Whoever reads the output, such as `head`, has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // One readable line: the chain of causes, without the layers that only repeat.
            let _ = writeln!(std::io::stderr(), "twostep: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.as_deref();
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let (settings, wrong) = wrong_with(config, false);
            let Some(settings) = settings.filter(|_| wrong.is_empty()) else {
                complain(&wrong);
                return Ok(ExitCode::FAILURE);
            };
            let _log = telemetry::start_logging(settings.log.format, &settings.log.filter);
            actix_web::rt::System::new().block_on(serve(&settings, config))?;
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(feature = "demo")]
        Command::Demo { url, push } => {
            let _log = telemetry::start_logging(telemetry::LogFormat::Text, "error");
            let stage = url.map_or(demo::Stage::Own { push }, demo::Stage::Running);
            actix_web::rt::System::new().block_on(demo::run(&stage))
        }
        Command::Doctor => {
            let settings = settings::load(config)?;
            let _log = telemetry::start_logging(telemetry::LogFormat::Text, "off");
            Ok(actix_web::rt::System::new().block_on(doctor::run(&settings)))
        }
        Command::Rollout(rollout) => {
            let configured = rollout.needs_configuration().then(|| configured(config)).transpose()?;
            actix_web::rt::System::new().block_on(rollout::run(&rollout, configured.as_ref()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::CodeKeys(keys) => {
            let settings = keys.needs_file().then(|| settings::load_unchecked(config)).transpose()?;
            code_keys::run(&keys, settings.and_then(|settings| settings.codes.keys_file))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Keys(arguments) => administer(config, &AdminCommand::Keys(arguments)),
        Command::Account(arguments) => administer(config, &AdminCommand::Account(arguments)),
        Command::Device(arguments) => administer(config, &AdminCommand::Device(arguments)),
        Command::Activity(arguments) => administer(config, &AdminCommand::Activity(arguments)),
        Command::Export(arguments) => administer(config, &AdminCommand::Export(arguments)),
        Command::Migrate { check } => {
            let settings = settings::load(config)?;
            actix_web::rt::System::new().block_on(migrate(&settings, check))
        }
        Command::Completions { shell } => {
            // Not straight to standard output: it panics when its reader ends early.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "twostep", &mut script);
            std::io::stdout().write_all(&script)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Man { folder } => {
            clap_mangen::generate_to(Arguments::command(), folder).context("the manual pages cannot be written")?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            writeln!(std::io::stdout(), "{}", twostep::http::openapi_text())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Reference => {
            let mut root = Arguments::command();
            root.build();
            let mut page = String::from(REFERENCE);
            describe(&mut root, "twostep", &mut page);
            std::io::stdout().write_all(page.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::CheckConfig => {
            let wrong = wrong_with(config, true).1;
            if wrong.is_empty() {
                writeln!(std::io::stdout(), "the configuration can be used")?;
                return Ok(ExitCode::SUCCESS);
            }
            complain(&wrong);
            Ok(ExitCode::FAILURE)
        }
        Command::DefaultConfig => {
            std::io::stdout().write_all(settings::DEFAULTS.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// What keeps a gateway from starting; and, if asked, what keeps it from working as it should.
fn wrong_with(config: Option<&Path>, with_cautions: bool) -> (Option<Settings>, Vec<String>) {
    let (settings, mistakes) = settings::read_all(config);
    let mut wrong: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    if let Some(settings) = &settings {
        wrong.extend(app::problems(settings));
        if with_cautions {
            wrong.extend(app::cautions(settings));
        }
    }
    // A file that is missing may be missed by several who need it.
    let mut said = std::collections::HashSet::new();
    wrong.retain(|line| said.insert(line.clone()));
    (settings, wrong)
}

/// One line each.
fn complain(wrong: &[String]) {
    for line in wrong {
        let _ = writeln!(std::io::stderr(), "twostep: {}", line.replace('\n', " "));
    }
}

/// What docs/cli.md begins with.
const REFERENCE: &str = "# Commands\n\nMade from the program: `twostep help COMMAND` says the same. Commands that ask or tell a running gateway use its operator's\naddress: `--url`, or `operator.address` of the configuration; and its token: `--token-file`, or `operator.token_file`. Each failure is one line on standard error that says what to do next. The exit\ncode is 0 when all went well, 1 when it did not (also when `doctor` or `migrate --check` found something to do), and 2 when the\narguments mean nothing.\n";

/// Adds a command and those below it.
fn describe(command: &mut clap::Command, name: &str, page: &mut String) {
    page.push_str(&format!("\n## `{name}`\n\n```text\n{}```\n", plain(&command.render_long_help().to_string())));
    for below in command.get_subcommands_mut().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        let name = format!("{name} {}", below.get_name());
        describe(below, &name, page);
    }
}

/// Without white space at the ends of lines.
fn plain(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn administer(config: Option<&Path>, command: &AdminCommand) -> anyhow::Result<ExitCode> {
    let configured = command.needs_configuration().then(|| configured(config)).transpose()?;
    actix_web::rt::System::new().block_on(command.run(configured.as_ref()))?;
    Ok(ExitCode::SUCCESS)
}

/// The gateway on this machine, as the configuration says.
fn configured(config: Option<&Path>) -> anyhow::Result<Configured> {
    let settings = settings::load_unchecked(config)?;
    Ok(Configured { address: settings.operator.address, token_file: settings.operator_token_file() })
}

/// Brings the database up to date, or says whether it is.
async fn migrate(settings: &Settings, check: bool) -> anyhow::Result<ExitCode> {
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

async fn serve(settings: &Settings, config: Option<&Path>) -> anyhow::Result<()> {
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
