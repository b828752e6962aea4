//! Both simulators from a command line, with what points a gateway at them.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::{ApnsOptions, ApnsSimulator, FcmOptions, FcmSimulator, StartError};

/// Where the simulators listen and what they leave behind.
#[derive(Debug, Clone)]
pub struct ProvidersOptions {
    /// Address of the FCM simulator.
    pub fcm_address: SocketAddr,
    /// Address of the APNs simulator.
    pub apns_address: SocketAddr,
    /// Where keys and certificates go; it must exist. Without it, a directory that goes away at the end.
    pub directory: Option<PathBuf>,
    /// Requests kept in memory by each.
    pub keep: usize,
}

impl Default for ProvidersOptions {
    fn default() -> Self {
        Self {
            fcm_address: (Ipv4Addr::LOCALHOST, 0).into(),
            apns_address: (Ipv4Addr::LOCALHOST, 0).into(),
            directory: None,
            keep: 1_000,
        }
    }
}

/// Starts both simulators, prints the environment that points a gateway at them, and runs until interrupted.
///
/// # Errors
/// When one of them does not start, or the output is closed.
pub async fn run_providers(options: ProvidersOptions) -> Result<(), StartError> {
    let fcm = FcmOptions { directory: options.directory.clone(), keep: options.keep, ..FcmOptions::default() };
    let apns = ApnsOptions { directory: options.directory, keep: options.keep, ..ApnsOptions::default() };
    let fcm = FcmSimulator::start_with(options.fcm_address, fcm).await?;
    let apns = ApnsSimulator::start_with(options.apns_address, apns).await?;
    write_environment(&mut io::stdout().lock(), &fcm, &apns)?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// Writes one `NAME=value` a line.
///
/// # Errors
/// When the output is closed.
pub fn write_environment(output: &mut impl Write, fcm: &FcmSimulator, apns: &ApnsSimulator) -> io::Result<()> {
    let account = fcm.service_account_file().display();
    let signing_key = apns.signing_key_file().display();
    let ca = apns.ca_file().display();
    writeln!(output, "TWOSTEP__FCM__BASE_URL={}", fcm.base_url())?;
    writeln!(output, "TWOSTEP__FCM__SERVICE_ACCOUNT_FILE={account}")?;
    writeln!(output, "TWOSTEP__APNS__BASE_URL={}", apns.base_url())?;
    writeln!(output, "TWOSTEP__APNS__SANDBOX_BASE_URL={}", apns.base_url())?;
    writeln!(output, "TWOSTEP__APNS__TRUST_ROOT_FILE={ca}")?;
    writeln!(output, "TWOSTEP__APNS__SIGNING_KEY_FILE={signing_key}")?;
    writeln!(output, "TWOSTEP__APNS__KEY_ID={}", apns.key_id())?;
    writeln!(output, "TWOSTEP__APNS__TEAM_ID={}", apns.team_id())?;
    writeln!(output, "TWOSTEP__APNS__TOPIC={}", apns.topic())?;
    output.flush()
}
