//! All three simulators from a command line, with what points a gateway at them.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::fault::Fault;
use crate::{ApnsOptions, ApnsSimulator, FcmOptions, FcmSimulator, StartError, WebPushOptions, WebPushSimulator};

/// Where the simulators listen and what they leave behind.
#[derive(Debug, Clone)]
pub struct ProvidersOptions {
    /// Address of the FCM simulator.
    pub fcm_address: SocketAddr,
    /// Address of the APNs simulator.
    pub apns_address: SocketAddr,
    /// Address of the Web Push simulator.
    pub webpush_address: SocketAddr,
    /// Where keys and certificates go; it must exist. Without it, a directory that goes away at the end.
    pub directory: Option<PathBuf>,
    /// Requests kept in memory by each.
    pub keep: usize,
    /// What they answer every push with; the last one for a provider counts. Without any, they accept.
    pub faults: Vec<Fault>,
}

impl Default for ProvidersOptions {
    fn default() -> Self {
        Self {
            fcm_address: (Ipv4Addr::LOCALHOST, 0).into(),
            apns_address: (Ipv4Addr::LOCALHOST, 0).into(),
            webpush_address: (Ipv4Addr::LOCALHOST, 0).into(),
            directory: None,
            keep: 1_000,
            faults: Vec::new(),
        }
    }
}

/// Starts all three simulators, prints the environment that points a gateway at them, and runs until interrupted.
///
/// # Errors
/// When one of them does not start, or the output is closed.
pub async fn run_providers(options: ProvidersOptions) -> Result<(), StartError> {
    let ProvidersOptions { directory, keep, .. } = options;
    let fcm = FcmOptions { directory: directory.clone(), keep, ..FcmOptions::default() };
    let apns = ApnsOptions { directory: directory.clone(), keep, ..ApnsOptions::default() };
    let webpush = WebPushOptions { directory, keep, ..WebPushOptions::default() };
    let fcm = FcmSimulator::start_with(options.fcm_address, fcm).await?;
    let apns = ApnsSimulator::start_with(options.apns_address, apns).await?;
    let webpush = WebPushSimulator::start_with(options.webpush_address, webpush).await?;
    for fault in options.faults {
        match fault {
            Fault::Fcm(behaviour) => fcm.always_all(Some(behaviour)),
            Fault::Apns(behaviour) => apns.always_all(Some(behaviour)),
            Fault::WebPush(behaviour) => webpush.always_all(Some(behaviour)),
        }
    }
    write_environment(&mut io::stdout().lock(), &fcm, &apns)?;
    write_webpush_environment(&mut io::stdout().lock(), &webpush)?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// Writes what points a gateway at FCM and APNs, one `NAME=value` a line.
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

/// Writes what points a gateway at the push service, one `NAME=value` a line.
///
/// # Errors
/// When the output is closed.
pub fn write_webpush_environment(output: &mut impl Write, webpush: &WebPushSimulator) -> io::Result<()> {
    writeln!(output, "TWOSTEP__WEBPUSH__SERVICES=[\"{}\"]", webpush.host())?;
    writeln!(output, "TWOSTEP__WEBPUSH__TRUST_ROOT_FILE={}", webpush.ca_file().display())?;
    output.flush()
}
