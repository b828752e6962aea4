//! The harness finds mistakes: a proxy between devices and a real gateway makes them on purpose.

use std::path::Path;
use std::process::{Command, Output};

/// A short `signin` against a gateway of its own.
fn sign_in(arguments: &[&str]) -> Output {
    let harness = Path::new(env!("CARGO_BIN_EXE_twostep-loadtest"));
    let gateway = harness.with_file_name("twostep");
    assert!(gateway.exists(), "{} is not there: run `cargo build` first", gateway.display());
    let mut command = Command::new(harness);
    command.arg("signin").arg(format!("--spawn={}", gateway.display()));
    command.args(["--rate", "10", "--seconds", "3", "--warm-up", "0", "--accounts", "8", "--devices", "2"]);
    command.args(arguments).output().expect("the harness runs")
}

fn assert_fails(fault: &str, check: &str) {
    let output = sign_in(&["--inject", fault]);
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said} {errors}");
    assert!(said.contains(&format!("FAILED  {check}")), "{said} {errors}");
}

#[test]
fn without_a_fault_everything_holds_and_reports_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (json, html, both) = (folder.path().join("a.json"), folder.path().join("a.html"), folder.path().join("b.html"));
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let output = sign_in(&["--json", &text(&json), "--html", &text(&html)]);
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said} {errors}");
    let mut compare = Command::new(env!("CARGO_BIN_EXE_twostep-loadtest"));
    compare.args(["compare", &text(&json), &text(&json), "--html", &text(&both)]);
    assert!(compare.status().expect("the harness runs").success());
    for page in [html, both] {
        let page = std::fs::read_to_string(page).expect("a page");
        assert!(page.contains("<svg") && page.ends_with("</html>"), "{page}");
    }
}

#[test]
fn a_dropped_code_is_found() {
    assert_fails("drop", "no code is lost");
}

#[test]
fn a_doubled_code_is_found() {
    assert_fails("double", "no code comes twice");
}

#[test]
fn a_misrouted_code_is_found() {
    assert_fails("misroute", "no code comes to another account");
}

/// A short `fallback` against a gateway of its own.
fn fall_back(arguments: &[&str]) -> Output {
    let harness = Path::new(env!("CARGO_BIN_EXE_twostep-loadtest"));
    let mut command = Command::new(harness);
    command.arg("fallback").arg(format!("--spawn={}", harness.with_file_name("twostep").display()));
    command.args(["--rate", "8", "--seconds", "2", "--warm-up", "0", "--accounts", "8", "--devices", "3"]);
    command.args(["--asleep", "1"]).args(arguments).output().expect("the harness runs")
}

#[test]
fn sleeping_devices_get_their_codes_by_push() {
    let output = fall_back(&[]);
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said} {errors}");
    assert!(said.contains("push at FCM") && said.contains("push at APNs"), "{said}");
}

#[test]
fn a_misrouted_push_is_found() {
    let output = fall_back(&["--inject-misroute"]);
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said} {errors}");
    assert!(said.contains("FAILED  no push goes to another account's token"), "{said} {errors}");
}
