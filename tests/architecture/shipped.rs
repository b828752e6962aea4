//! What is built into the program that is shipped (scripts/dist, the container image): nothing that only plays or tests.

use std::process::Command;

use super::root;

/// Crates that the program's own code needs, and those that these need.
fn linked(features: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{lib}"]);
    let output =
        command.args(["--package", "twostep"]).args(features).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[test]
fn a_shipped_program_holds_no_simulator_and_no_private_postgresql() {
    const PLAYED: &[&str] = &["twostep_simulators", "twostep_private_postgres", "rsa", "rcgen", "tokio_tungstenite"];
    let shipped = linked(&["--no-default-features"]);
    assert!(shipped.iter().any(|name| name == "tokio_postgres"), "the list is not what it should be: {shipped:?}");
    let found: Vec<_> = shipped.iter().filter(|name| PLAYED.contains(&name.as_str())).collect();
    assert!(found.is_empty(), "built into what is shipped: {found:?}");
    // Otherwise the names above would be wrong.
    let everything = linked(&[]);
    for name in PLAYED {
        assert!(everything.iter().any(|found| found == name), "{name} is in no build");
    }
    for script in ["scripts/dist", "deploy/docker/Dockerfile", "scripts/sbom"] {
        assert!(super::read(&root().join(script)).contains("--no-default-features"), "{script} builds everything");
    }
}
