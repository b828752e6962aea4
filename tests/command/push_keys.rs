//! `twostep push-keys` makes and removes the keys of Web Push in their file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use twostep::providers::push::webpush::public_keys;

use super::{run, text};

/// Runs `twostep push-keys` on the file `push-keys.pem` of this folder; its public keys then, the current one first.
#[track_caller]
fn keys(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let mut all = vec!["push-keys", "--json", "--file", "push-keys.pem"];
    all.extend(arguments);
    let output = run(folder, &all, &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let keys = answer["keys"].as_array().expect("a list").iter();
    keys.map(|key| key.as_str().expect("a text").to_owned()).collect()
}

/// As [`keys`], which must refuse with one line.
#[track_caller]
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let mut all = vec!["push-keys", "--file", "push-keys.pem"];
    all.extend(arguments);
    let output = run(folder, &all, &[]);
    assert!(!output.status.success(), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert_eq!(said.trim_end().lines().count(), 1, "one readable line: {said}");
    said
}

#[test]
fn a_newer_key_becomes_the_current_one_and_an_older_one_can_be_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let first = keys(folder, &["add"]);
    let path = folder.join("push-keys.pem");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    let both = keys(folder, &["add"]);
    assert_eq!((both.len(), &both[1..]), (2, first.as_slice()));
    assert_eq!(keys(folder, &["list"]), both);
    let pem = fs::read_to_string(&path).expect("read");
    assert_eq!(public_keys(&pem.into()).expect("keys"), both, "the gateway reads it so");
    assert!(refusal(folder, &["remove", &both[0]]).contains("is not an older key"), "the current one stays");
    assert_eq!(keys(folder, &["remove", &first[0]]), both[..1]);
    assert!(refusal(folder, &["remove", &first[0]]).contains("is not an older key"));
}

/// Keys that other programs made are read.
#[test]
fn a_key_of_openssl_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = std::process::Command::new("openssl")
        .args(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "push-keys.pem"])
        .current_dir(folder.path())
        .output();
    assert!(made.expect("openssl runs").status.success());
    assert_eq!(keys(folder.path(), &["list"]).len(), 1);
}

#[test]
fn what_cannot_be_done_is_said_in_one_line_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    assert!(refusal(folder, &["list"]).contains("`twostep push-keys add` makes it"));
    assert!(!folder.join("push-keys.pem").exists());
    fs::write(folder.join("push-keys.pem"), "not a key").expect("written");
    assert!(refusal(folder, &["list"]).contains("must hold 1 to 8 private keys"));
    fs::remove_file(folder.join("push-keys.pem")).expect("removed");
    for _ in 0..8 {
        keys(folder, &["add"]);
    }
    assert!(refusal(folder, &["add"]).contains("1 to 8"), "no more than browsers of years");
    let output = run(folder, &["push-keys", "list"], &[]);
    assert!(text(&output.stderr).contains("webpush.keys_file"), "no file is named");
}
