//! The harness finds mistakes: a proxy between devices and a real gateway makes them on purpose.

use std::path::Path;
use std::process::{Command, Output};

/// A scenario against a gateway of its own.
fn play(scenario: &[&str]) -> Output {
    let harness = Path::new(env!("CARGO_BIN_EXE_twostep-loadtest"));
    let gateway = harness.with_file_name("twostep");
    assert!(gateway.exists(), "{} is not there: run `cargo build` first", gateway.display());
    let mut command = Command::new(harness);
    command.args(scenario).arg(format!("--spawn={}", gateway.display())).output().expect("the harness runs")
}

fn said(output: &Output) -> String {
    format!("{} {}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn assert_passes(scenario: &[&str]) -> String {
    let output = play(scenario);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// The run fails, and says that this does not hold.
fn assert_finds(check: &str, scenario: &[&str]) {
    let output = play(scenario);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains(&format!("FAILED  {check}")), "{}", said(&output));
}

/// A short `signin`.
fn sign_in<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let short = ["signin", "--rate", "10", "--seconds", "3", "--warm-up", "0", "--accounts", "8", "--devices", "2"];
    [&short, arguments].concat()
}

#[test]
fn without_a_fault_everything_holds_and_reports_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (json, html, both) = (folder.path().join("a.json"), folder.path().join("a.html"), folder.path().join("b.html"));
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    assert_passes(&sign_in(&["--json", &text(&json), "--html", &text(&html)]));
    let mut compare = Command::new(env!("CARGO_BIN_EXE_twostep-loadtest"));
    compare.args(["compare", &text(&json), &text(&json), "--html", &text(&both)]);
    assert!(compare.status().expect("the harness runs").success());
    for page in [html, both] {
        let page = std::fs::read_to_string(page).expect("a page");
        assert!(page.contains("<svg") && page.ends_with("</html>"), "{page}");
    }
}

#[test]
fn emailed_sign_ins_go_through_and_a_wrong_code_is_found() {
    let short = ["emailed", "--clients", "4", "--seconds", "2", "--accounts", "100"];
    assert_passes(&short);
    assert_finds("every emailed sign-in goes through", &[&short[..], &["--inject-wrong"]].concat());
}

#[test]
fn more_codes_than_devices_may_confirm_are_not_begun() {
    let output = play(&["signin", "--rate", "100", "--seconds", "10", "--warm-up", "0", "--accounts", "8"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("use --accounts 34"), "{}", said(&output));
}

#[test]
fn a_dropped_code_is_found() {
    assert_finds("no code is lost", &sign_in(&["--inject", "drop"]));
}

#[test]
fn sign_ins_by_an_app_hold_and_a_dropped_code_of_theirs_is_found() {
    assert_passes(&sign_in(&["--by-app"]));
    assert_finds("no code is lost", &sign_in(&["--by-app", "--inject", "drop"]));
}

#[test]
fn a_doubled_code_is_found() {
    assert_finds("no code comes twice", &sign_in(&["--inject", "double"]));
}

#[test]
fn a_misrouted_code_is_found() {
    assert_finds("no code comes to another account", &sign_in(&["--inject", "misroute"]));
}

/// A short `fallback`.
fn fall_back<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    let short = ["fallback", "--rate", "8", "--seconds", "2", "--warm-up", "0", "--accounts", "8", "--devices", "3"];
    [&short, arguments].concat()
}

#[test]
fn sleeping_devices_get_their_codes_by_push() {
    let said = assert_passes(&fall_back(&[]));
    assert!(said.contains("push at FCM") && said.contains("push at APNs"), "{said}");
}

#[test]
fn a_misrouted_push_is_found() {
    assert_finds("no push goes to another account's token", &fall_back(&["--inject-misroute"]));
}

#[test]
fn a_code_that_is_dropped_in_a_fanout_is_found() {
    let fanout = ["fanout", "--accounts", "4", "--rate", "4", "--seconds", "2", "--inject", "drop"];
    assert_finds("no code is lost", &fanout);
}

#[test]
fn a_connection_that_ends_is_found() {
    for scenario in ["idle", "storm"] {
        let short = [scenario, "--accounts", "10", "--seconds", "3"];
        assert_passes(&short);
        assert_finds("every connection stays", &[&short[..], &["--inject-cut"]].concat());
    }
}

#[test]
fn an_outage_is_survived_and_one_without_an_end_is_found() {
    let outage = ["outage", "--before", "1", "--away", "3", "--after", "8", "--rate", "4", "--accounts", "20"];
    assert_passes(&outage);
    let endless = ["--recovers-within", "1", "--inject-no-return"];
    assert_finds("every sign-in goes through", &[&outage[..], &endless].concat());
}

#[test]
fn an_outage_of_the_providers_or_of_the_bus_holds_nobody_up() {
    // Beside others on the same cores nodes take their time to hear of one another again.
    let short = "outage --before 1 --away 4 --after 16 --recovers-within 12 --rate 4 --accounts 20";
    let short: Vec<&str> = short.split(' ').collect();
    assert_passes(&[&short[..], &["--of", "providers"]].concat());
    assert_passes(&[&short[..], &["--of", "bus", "--bus", "--nodes", "2"]].concat());
}

#[test]
fn a_soak_finds_who_stays() {
    let soak = ["soak", "--seconds", "6", "--settled", "3", "--growth", "50", "--rate", "5", "--accounts", "20"];
    assert_passes(&soak);
    assert_finds("no connection and no actor is left", &[&soak[..], &["--inject-stay"]].concat());
}

#[test]
fn a_mix_is_what_its_file_says_and_finds_a_dropped_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mix.toml");
    let mix = "accounts = 20\ndevices = 2\nwarm_up = 0\nseconds = 3\n[rates]\nsign_ins = 5\nwrong_codes = 2\nlooks = 2\nreturns = 2\n";
    std::fs::write(&file, mix).expect("a file");
    let file = file.to_str().expect("text");
    let said = assert_passes(&["mix", file]);
    assert!(said.contains("6  device back on line: through"), "{said}");
    assert_finds("no code is lost", &["mix", file, "--inject", "drop"]);
}

#[test]
fn a_limit_that_leaks_is_found() {
    let guess = ["guess", "--clients", "8", "--seconds", "5", "--inject-leak"];
    assert_finds("no more codes are compared than the guess budget allows", &guess);
}

/// A statistic of 50 timed pairs: what else the machine does can turn it.
#[test]
#[ignore = "timings: run `make timings` on a machine that does nothing else"]
fn an_address_that_takes_longer_is_found() {
    let timing = ["timing", "--pairs", "50", "--warm-up", "5", "--inject-leak"];
    assert_finds("the medians differ by less than 2 %", &timing);
}

#[test]
fn nodes_that_end_and_start_lose_nothing_and_a_dropped_code_is_found() {
    let short =
        ["restart", "--nodes", "2", "--bus", "--rounds", "2", "--pause", "1", "--accounts", "20", "--rate", "5"];
    for how in ["drain", "kill", "freeze"] {
        assert_passes(&[&short[..], &["--spread", "1", "--how", how]].concat());
    }
    assert_finds("no code is lost", &[&short[..], &["--spread", "1", "--inject", "drop"]].concat());
}
