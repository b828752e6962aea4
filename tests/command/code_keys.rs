//! `twostep code-keys` makes, rotates and revokes code keys in their file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use super::{run, text};

/// Runs `twostep code-keys` on the file `code-keys` of this folder; how the file then stands.
#[track_caller]
fn keys(folder: &Path, arguments: &[&str]) -> Vec<(String, String)> {
    let mut all = vec!["code-keys", "--json", "--file", "code-keys"];
    all.extend(arguments);
    let output = run(folder, &all, &[]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let word = |one: &Value, name: &str| one[name].as_str().expect("a word").to_owned();
    answer["keys"].as_array().expect("a list").iter().map(|one| (word(one, "id"), word(one, "state"))).collect()
}

/// As [`keys`], which must refuse with one line.
#[track_caller]
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let mut all = vec!["code-keys", "--file", "code-keys"];
    all.extend(arguments);
    let output = run(folder, &all, &[]);
    assert!(!output.status.success(), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert_eq!(said.trim_end().lines().count(), 1, "one readable line: {said}");
    said
}

fn stands(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(id, state)| ((*id).to_owned(), (*state).to_owned())).collect()
}

#[test]
fn a_key_is_added_promoted_and_its_elder_revoked() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    assert_eq!(keys(folder, &["add"]), stands(&[("k1", "current")]));
    let path = folder.join("code-keys");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    let first = fs::read_to_string(&path).expect("read");
    assert_eq!(keys(folder, &["add"]), stands(&[("k1", "current"), ("k2", "accepted")]));
    assert!(fs::read_to_string(&path).expect("read").starts_with(&first), "the key that there was stays");
    assert_eq!(keys(folder, &["promote", "k2"]), stands(&[("k2", "current"), ("k1", "accepted")]));
    assert_eq!(keys(folder, &["prune"]), stands(&[("k2", "current"), ("k1", "accepted")]), "its codes are still good");
    assert_eq!(keys(folder, &["revoke", "k1"]), stands(&[("k2", "current"), ("k1", "revoked")]));
    assert!(fs::read_to_string(&path).expect("read").contains("\nk1:revoked\n"));
}

#[test]
fn a_rotation_in_one_step_may_revoke_what_leaked() {
    let folder = tempfile::tempdir().expect("a folder");
    keys(folder.path(), &["rotate"]);
    assert_eq!(keys(folder.path(), &["rotate"]), stands(&[("k2", "current"), ("k1", "accepted")]));
    let expected = stands(&[("k3", "current"), ("k2", "revoked"), ("k1", "revoked")]);
    assert_eq!(keys(folder.path(), &["rotate", "--revoke-old"]), expected);
}

#[test]
fn an_old_key_is_dropped_a_day_after_its_last_code() {
    let folder = tempfile::tempdir().expect("a folder");
    keys(folder.path(), &["rotate"]);
    keys(folder.path(), &["rotate"]);
    let path = folder.path().join("code-keys");
    let text = fs::read_to_string(&path).expect("read");
    let (_, since) = text.split_once("# k1: makes no codes since ").expect("when it was replaced");
    let since = since.lines().next().expect("a time");
    fs::write(&path, text.replace(since, "2026-01-01T00:00:00Z")).expect("written");
    assert_eq!(keys(folder.path(), &["prune"]), stands(&[("k2", "current")]));
}

#[test]
fn no_answer_shows_a_key() {
    let folder = tempfile::tempdir().expect("a folder");
    keys(folder.path(), &["rotate"]);
    let file = fs::read_to_string(folder.path().join("code-keys")).expect("read");
    let (_, key) = file.trim().split_once(':').expect("id and key");
    for arguments in [
        &["code-keys", "--file", "code-keys", "list"] as &[&str],
        &["code-keys", "--json", "--file", "code-keys", "list"],
    ] {
        let output = run(folder.path(), arguments, &[]);
        let said = text(&output.stdout);
        assert!(said.contains("k1") && said.contains("current") && !said.contains(key), "{said}");
    }
    let broken = file.replace("k1", "k1 and more");
    fs::write(folder.path().join("code-keys"), broken).expect("written");
    assert!(!refusal(folder.path(), &["list"]).contains(key));
}

#[test]
fn what_makes_no_sense_changes_nothing_and_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(refusal(folder.path(), &["promote", "k1"]).contains("twostep code-keys add"));
    keys(folder.path(), &["rotate"]);
    let before = fs::read(folder.path().join("code-keys")).expect("read");
    for (arguments, words) in [
        (&["add", "k1"] as &[&str], "another id"),
        (&["promote", "k7"], "twostep code-keys list"),
        (&["revoke", "k1"], "rotate --revoke-old"),
    ] {
        let said = refusal(folder.path(), arguments);
        assert!(said.contains("code-keys") && said.contains(words), "{said}");
    }
    fs::write(folder.path().join("code-keys.new"), "").expect("written");
    assert!(refusal(folder.path(), &["rotate"]).contains("code-keys.new exists"));
    assert_eq!(fs::read(folder.path().join("code-keys")).expect("read"), before);
}

#[test]
fn the_file_is_that_of_the_configuration_which_need_not_be_complete_yet() {
    let folder = tempfile::tempdir().expect("a folder");
    let environment = [("TWOSTEP__MODE", "production"), ("TWOSTEP__CODES__KEYS_FILE", "ours")];
    let output = run(folder.path(), &["code-keys", "add"], &environment);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(folder.path().join("ours").is_file());
    let output = run(folder.path(), &["code-keys", "list"], &[]);
    assert!(text(&output.stderr).contains("TWOSTEP__CODES__KEYS_FILE"), "{}", text(&output.stderr));
}
