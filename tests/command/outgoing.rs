//! Calls to providers leave through the proxy that the environment names.

use std::net::{Ipv4Addr, SocketAddr};

use twostep_simulators::{ApnsOptions, ApnsSimulator, FcmOptions, FcmSimulator, providers};

use super::{run, text};
use crate::support::database::TestDatabase;
use crate::support::forward_proxy::ForwardProxy;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Both providers, by names that only the proxy knows.
async fn far_providers() -> (FcmSimulator, ApnsSimulator) {
    let host = |name: &str| Some(name.to_owned());
    let fcm = FcmSimulator::start_with(ANY_PORT, FcmOptions { host: host("fcm.test"), ..FcmOptions::default() });
    let apns = ApnsSimulator::start_with(ANY_PORT, ApnsOptions { host: host("push.test"), ..ApnsOptions::default() });
    (fcm.await.expect("fcm"), apns.await.expect("apns"))
}

/// Runs a command with both providers set, and these variables.
async fn say(command: &str, fcm: &FcmSimulator, apns: &ApnsSimulator, variables: &[(&str, &str)]) -> (bool, String) {
    let database = TestDatabase::new().await;
    let mut lines = Vec::new();
    providers::write_environment(&mut lines, fcm, apns).expect("written");
    let lines = text(&lines);
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut environment: Vec<(String, String)> =
        lines.lines().filter_map(|line| line.split_once('=')).map(own).collect();
    environment.push(own(("TWOSTEP__DATABASE__URL", &database.url)));
    environment.extend(variables.iter().copied().map(own));
    let command = command.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run(folder.path(), &[&command], &environment)
    });
    let output = output.await.expect("it ran");
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[actix_web::test]
async fn both_providers_are_reached_through_the_proxy_that_the_environment_names() {
    let proxy = ForwardProxy::start().await;
    let (fcm, apns) = far_providers().await;
    let url = proxy.url("twostep:pa55");
    let (is_well, report) = say("doctor", &fcm, &apns, &[("HTTPS_PROXY", &url), ("http_proxy", &url)]).await;
    assert!(is_well, "{report}");
    let asked = proxy.asked();
    let apns_host = apns.base_url().replace("https://", "");
    assert!(asked.contains(&format!("CONNECT {apns_host}")), "{asked:?}");
    assert!(asked.contains(&format!("POST {}/token", fcm.base_url())), "{asked:?}");
    assert_eq!((apns.received().len(), fcm.token_journal().count()), (1, 1));
}

#[actix_web::test]
async fn a_proxy_that_lets_nobody_in_is_told() {
    let proxy = ForwardProxy::start().await;
    let (fcm, apns) = far_providers().await;
    let url = proxy.url("twostep:wrong");
    let (is_well, report) = say("doctor", &fcm, &apns, &[("ALL_PROXY", &url)]).await;
    assert!(!is_well, "{report}");
    assert!(report.contains("✘ apns") && report.contains("HTTPS_PROXY"), "{report}");
    assert!(!report.contains("wrong"), "the proxy's password is told:\n{report}");
    assert_eq!((apns.received().len(), proxy.asked().len()), (0, 0));
}

#[actix_web::test]
async fn this_machine_is_reached_without_a_proxy() {
    let (fcm, apns) =
        (FcmSimulator::start(ANY_PORT).await.expect("fcm"), ApnsSimulator::start(ANY_PORT).await.expect("apns"));
    // Nothing listens there.
    let (is_well, report) = say("doctor", &fcm, &apns, &[("ALL_PROXY", "http://127.0.0.1:1")]).await;
    assert!(is_well, "{report}");
}

#[actix_web::test]
async fn a_variable_that_names_no_proxy_is_refused_once_and_by_name() {
    let (fcm, apns) = far_providers().await;
    let variables =
        [("HTTPS_PROXY", "socks5://me:secret@127.0.0.1:1080"), ("TWOSTEP__WEBHOOKS__URL", "https://app.test/")];
    let secret = ("TWOSTEP__WEBHOOKS__SECRET", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
    let (is_well, report) = say("check-config", &fcm, &apns, &[variables[0], variables[1], secret]).await;
    assert!(!is_well, "{report}");
    assert_eq!(report.matches("HTTPS_PROXY must name a proxy").count(), 1, "{report}");
    assert!(!report.contains("secret@"), "{report}");
}
