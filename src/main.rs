//! The command line.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tikv_jemallocator::Jemalloc;
use tokio::signal::unix::{SignalKind, signal};
use twostep::app::App;
use twostep::keys_command::KeysArguments;
use twostep::rollout_command::RolloutArguments;
use twostep::settings::{Mode, Settings};
use twostep::{demo, doctor, keys_command, rollout_command, settings, telemetry};

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
    /// Serve (what happens without a command, too).
    Serve,
    /// Play the whole story, from a refused sign-in to a trusted device, and print it as a timeline.
    Demo {
        /// Use a running gateway in development mode instead of starting one, for instance http://127.0.0.1:8080.
        #[arg(long, value_name = "URL", conflicts_with = "push")]
        url: Option<String>,
        /// Also show how sleeping devices are reached, with simulated push providers.
        #[arg(long)]
        push: bool,
    },
    /// Look at everything the gateway depends on, and say what is wrong and how to mend it.
    Doctor,
    /// See and move the share of accounts to which a running gateway offers two-step verification.
    Rollout(RolloutArguments),
    /// Make, rotate and revoke the keys that codes are derived with; running gateways take the changed file up by themselves.
    Keys(KeysArguments),
    /// Read the configuration and say whether it can be used.
    CheckConfig,
    /// Print every setting with its default and its documentation.
    DefaultConfig,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            // One readable line: the chain of causes, without the layers that only repeat.
            let _ = writeln!(std::io::stderr(), "twostep: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let settings = settings::load(arguments.config.as_deref())?;
            telemetry::start_logging(settings.log.format, &settings.log.filter);
            actix_web::rt::System::new().block_on(serve(settings))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo { url, push } => {
            telemetry::start_logging(telemetry::LogFormat::Text, "error");
            let stage = url.map_or(demo::Stage::Own { push }, demo::Stage::Running);
            actix_web::rt::System::new().block_on(demo::run(&stage))
        }
        Command::Doctor => {
            let settings = settings::load(arguments.config.as_deref())?;
            telemetry::start_logging(telemetry::LogFormat::Text, "off");
            Ok(actix_web::rt::System::new().block_on(doctor::run(&settings)))
        }
        Command::Rollout(rollout) => {
            let needs_settings = rollout.needs_address();
            let settings = needs_settings.then(|| settings::load(arguments.config.as_deref())).transpose()?;
            let address = settings.map(|settings| settings.operator.address);
            actix_web::rt::System::new().block_on(rollout_command::run(&rollout, address))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Keys(keys) => {
            let settings =
                keys.needs_file().then(|| settings::load_unchecked(arguments.config.as_deref())).transpose()?;
            keys_command::run(&keys, settings.and_then(|settings| settings.codes.keys_file))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::CheckConfig => {
            let settings = settings::load(arguments.config.as_deref())?;
            // In development looking would make one.
            if settings.mode == Mode::Production {
                settings::code_keys(&settings)?;
            }
            writeln!(std::io::stdout(), "the configuration can be used")?;
            Ok(ExitCode::SUCCESS)
        }
        Command::DefaultConfig => {
            std::io::stdout().write_all(settings::DEFAULTS.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be handled")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be handled")?;
    let app = tokio::select! {
        app = App::start(&settings) => app?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    writeln!(std::io::stdout(), "listening on {}", app.url())?;
    std::io::stdout().flush()?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = app.drain_asked() => {}
    }
    app.stop().await;
    Ok(())
}
