//! The command line.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use tikv_jemallocator::Jemalloc;
use twostep::cli::admin::{
    AccountArguments, ActivityArguments, AdminCommand, DeviceArguments, ExportArguments, KeysArguments,
};
use twostep::cli::check_config::{complain, wrong_with};
use twostep::cli::code_keys::CodeKeysArguments;
#[cfg(feature = "demo")]
use twostep::cli::demo;
use twostep::cli::operator_client::Configured;
use twostep::cli::push_keys::PushKeysArguments;
use twostep::cli::reach::ReachArguments;
use twostep::cli::rollout::RolloutArguments;
use twostep::cli::{code_keys, doctor, migrate, push_keys, reach, reference, rollout, serve};
use twostep::{settings, telemetry};

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
    /// Show how many ways in the owners of accounts have left, and which trusted devices a code reaches.
    Reach(ReachArguments),
    /// Create, rotate and revoke the keys that codes are derived from. Running gateways pick up the changed file on their own.
    CodeKeys(CodeKeysArguments),
    /// Create, list and remove the keys by which browsers know the gateway (Web Push).
    PushKeys(PushKeysArguments),
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
            actix_web::rt::System::new().block_on(serve::serve(&settings, config))?;
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
        Command::Reach(reach) => {
            let configured = reach.needs_configuration().then(|| configured(config)).transpose()?;
            actix_web::rt::System::new().block_on(reach::run(&reach, configured.as_ref()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::CodeKeys(keys) => {
            let settings = keys.needs_file().then(|| settings::load_unchecked(config)).transpose()?;
            code_keys::run(&keys, settings.and_then(|settings| settings.codes.keys_file))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::PushKeys(keys) => {
            let settings = keys.needs_file().then(|| settings::load_unchecked(config)).transpose()?;
            push_keys::run(&keys, settings.and_then(|settings| settings.webpush.keys_file))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Keys(arguments) => administer(config, &AdminCommand::Keys(arguments)),
        Command::Account(arguments) => administer(config, &AdminCommand::Account(arguments)),
        Command::Device(arguments) => administer(config, &AdminCommand::Device(arguments)),
        Command::Activity(arguments) => administer(config, &AdminCommand::Activity(arguments)),
        Command::Export(arguments) => administer(config, &AdminCommand::Export(arguments)),
        Command::Migrate { check } => {
            let settings = settings::load(config)?;
            actix_web::rt::System::new().block_on(migrate::migrate(&settings, check))
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
            std::io::stdout().write_all(reference::page(Arguments::command()).as_bytes())?;
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
