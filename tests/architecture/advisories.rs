//! `scripts/check-advisories`: what was found fails, and what could not be looked for is said.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::root;

/// Runs the script with a `cargo` that plays `cargo deny`; whether it succeeded, and what it said.
fn run(cargo: &str) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("cargo");
    std::fs::write(&program, format!("#!/bin/sh\n{cargo}\n")).expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("changed");
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", folder.path().display());
    let output = Command::new(root().join("scripts/check-advisories")).env("PATH", path).output().expect("it runs");
    (output.status.success(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn an_advisory_that_is_found_fails_and_only_an_unreachable_database_skips() {
    let (is_well, said) = run("exit 0");
    assert!(is_well && said.is_empty(), "{said}");

    let found = "case \"$*\" in *check*) echo 'error[vulnerability]: RUSTSEC-2026-0001' >&2; exit 1;; esac";
    let (is_well, said) = run(found);
    assert!(!is_well && said.contains("RUSTSEC-2026-0001"), "{said}");

    let away =
        "case \"$*\" in *fetch*) echo 'error: failed to fetch advisory database' >&2; exit 1;; *check*) exit 1;; esac";
    let missing = "echo 'error: no such command: `deny`' >&2; exit 101";
    let (is_well, said) = run(away);
    assert!(is_well && said.contains("skipped") && said.contains("failed to fetch advisory database"), "{said}");
    let (is_well, said) = run(missing);
    assert!(!is_well && said.contains("cargo install"), "{said}");
}
