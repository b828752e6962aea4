//! What does not work says so in one line, and what to do about it.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use twostep_private_postgres::{PrivatePostgres, StartError};

use crate::holder::{PROGRAM, holder_command, refusal, spawn_holder, wait_until_ready};
use crate::machine::*;

#[test]
fn second_gateway_on_a_directory_is_refused_with_the_first_ones_id() {
    let place = Place::new();
    let holder = spawn_holder(place.path());
    let error = PrivatePostgres::start(place.path()).unwrap_err();
    assert!(matches!(&error, StartError::InUse { pid, .. } if *pid == holder.pid()), "{error}");
    let said = refusal(&mut holder_command(PROGRAM, place.path()));
    assert!(said.contains(&format!("pid {}", holder.pid())), "{said}");
    assert!(said.contains("TWOSTEP__DATABASE__DATA_DIR"), "{said}");
    assert_eq!(query(&connection_string(place.path()), "SELECT 1"), "1", "the first one is not disturbed");
}

#[test]
fn data_of_an_unsupported_version_is_left_alone() {
    let place = Place::new();
    start_once(place.path());
    fs::write(cluster(place.path()).join("PG_VERSION"), "14\n").unwrap();
    let error = PrivatePostgres::start(place.path()).unwrap_err();
    assert!(matches!(error, StartError::UnsupportedMajor { made_by: 14, .. }), "{error}");
    assert!(error.to_string().contains("made by PostgreSQL 14"), "{error}");
}

#[test]
fn data_of_a_version_that_is_not_installed_is_left_alone() {
    let place = Place::new();
    let programs = start_once(place.path());
    let version = cluster(place.path()).join("PG_VERSION");
    let installed: u32 = fs::read_to_string(&version).unwrap().trim().parse().unwrap();
    let other = if installed == 16 { 17 } else { 16 };
    fs::write(&version, format!("{other}\n")).unwrap();
    let mut command = holder_command(PROGRAM, place.path());
    command.env("PG_BIN", programs);
    let said = refusal(&mut command);
    assert!(said.contains(&format!("install PostgreSQL {other}")), "{said}");
    assert!(said.contains(&format!("only version {installed} ")), "{said}");
}

#[test]
fn pg_bin_without_programs_is_named() {
    let place = Place::new();
    let mut command = holder_command(PROGRAM, place.path());
    command.env("PG_BIN", "/nonexistent/bin");
    let said = refusal(&mut command);
    assert!(said.contains("PG_BIN is /nonexistent/bin"), "{said}");
}

#[test]
fn pg_bin_with_programs_is_used() {
    let place = Place::new();
    let programs = start_once(place.path());
    let mut command = holder_command(PROGRAM, place.path());
    command.env("PG_BIN", &programs).env("PATH", "/nonexistent:/usr/bin:/bin");
    let _holder = wait_until_ready(&mut command);
    let running = fs::read(format!("/proc/{}/cmdline", postmaster(place.path()))).unwrap();
    assert!(running.starts_with(programs.as_os_str().as_bytes()));
}

#[test]
fn files_that_are_no_cluster_are_not_touched() {
    let place = Place::new();
    let cluster = place.path().join("postgres/pg");
    fs::create_dir_all(&cluster).unwrap();
    fs::write(cluster.join("holiday.jpg"), "precious").unwrap();
    let error = PrivatePostgres::start(place.path()).unwrap_err();
    assert!(matches!(error, StartError::NotACluster { .. }), "{error}");
    assert_eq!(fs::read_to_string(cluster.join("holiday.jpg")).unwrap(), "precious");
}

#[test]
fn data_directory_that_cannot_be_made_is_named() {
    let place = Place::new();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let error = PrivatePostgres::start(&file.join("data")).unwrap_err();
    assert!(matches!(error, StartError::File { action: "create", .. }), "{error}");
    assert!(error.to_string().contains("TWOSTEP__DATABASE__DATA_DIR"), "{error}");
}

#[test]
fn server_that_refuses_its_data_is_quoted() {
    let place = Place::new();
    start_once(place.path());
    fs::write(cluster(place.path()).join("postgresql.auto.conf"), "no_such_setting = 1\n").unwrap();
    let error = PrivatePostgres::start(place.path()).unwrap_err();
    assert!(matches!(&error, StartError::Refused { log, .. } if log.is_file()), "{error}");
    assert!(error.to_string().contains("FATAL"), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    fs::write(cluster(place.path()).join("postgresql.auto.conf"), "").unwrap();
    assert!(PrivatePostgres::start(place.path()).unwrap().is_running(), "and starts once that is put right");
}

#[test]
fn server_that_was_started_by_hand_is_left_alone() {
    let place = Place::new();
    let programs = start_once(place.path());
    let cluster = cluster(place.path());
    let sockets = Place::new();
    let owner = fs::metadata(&cluster).unwrap();
    chown(sockets.path(), Some(owner.uid()), None).unwrap();
    let mut by_hand = Command::new(programs.join("postgres"))
        .args(["-D", "pg", "-c", "listen_addresses=", "-k"])
        .arg(sockets.path())
        .current_dir(private(place.path()))
        .uid(owner.uid())
        .gid(owner.gid())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("it is ready", || {
        fs::read_to_string(cluster.join("postmaster.pid")).is_ok_and(|text| text.trim_end().ends_with("ready"))
    });
    let error = PrivatePostgres::start(place.path()).unwrap_err();
    assert!(matches!(&error, StartError::ForeignServer { pid, .. } if *pid == by_hand.id()), "{error}");
    assert!(is_alive(by_hand.id()));
    by_hand.kill().unwrap();
    by_hand.wait().unwrap();
}

/// Starts and stops the server, so that there is data: where its programs are on this machine.
fn start_once(data_dir: &Path) -> PathBuf {
    let _postgres = PrivatePostgres::start(data_dir).unwrap();
    let arguments = fs::read_to_string(format!("/proc/{}/cmdline", postmaster(data_dir))).unwrap();
    Path::new(arguments.split('\0').next().unwrap()).parent().unwrap().to_owned()
}
