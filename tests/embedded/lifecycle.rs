//! Starting and stopping in the normal course of things.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;

use twostep_private_postgres::PrivatePostgres;

use crate::holder::{PROGRAM, holder_command, wait_until_ready};
use crate::machine::*;

#[test]
fn first_start_makes_a_durable_database_that_ends_with_stop() {
    let place = Place::new();
    let data_dir = place.path().join("data");
    let mut postgres = PrivatePostgres::start(&data_dir).unwrap();
    let address = postgres.connection_string();
    assert_eq!(address, connection_string(&data_dir));
    for (sql, expected) in [
        ("SELECT current_database() || ' ' || current_user", "twostep twostep"),
        ("SHOW server_encoding", "UTF8"),
        ("SELECT datcollate FROM pg_database WHERE datname = current_database()", "C"),
        ("SHOW fsync", "on"),
        ("SHOW synchronous_commit", "on"),
        ("SHOW full_page_writes", "on"),
        ("SHOW listen_addresses", ""),
        ("SHOW max_connections", "100"),
    ] {
        assert_eq!(query(&address, sql), expected, "{sql}");
    }
    let sockets = fs::metadata(private(&data_dir).join("run")).unwrap();
    let pid = postmaster(&data_dir);
    assert_eq!(sockets.mode() & 0o777, 0o700);
    assert_eq!(sockets.uid(), user_of(pid));
    assert_ne!(user_of(pid), 0);
    assert!(postgres.is_running());
    assert!(postgres.log_file().is_file());

    let watchdog = watchdog(&data_dir);
    postgres.stop();
    assert!(!postgres.is_running() && !is_alive(pid) && !is_alive(watchdog));
    assert!(!postgres.restart_if_dead().unwrap(), "stopped on purpose");
    let log = fs::read_to_string(postgres.log_file()).unwrap();
    assert!(log.contains("database system is shut down"), "{log}");
}

#[test]
fn second_start_finds_the_data() {
    let place = Place::new();
    let mut postgres = PrivatePostgres::start(place.path()).unwrap();
    query(&postgres.connection_string(), "CREATE TABLE kept AS SELECT 42 AS answer");
    postgres.stop();
    let again = PrivatePostgres::start(place.path()).unwrap();
    assert_eq!(query(&again.connection_string(), "SELECT answer FROM kept"), "42");
    drop(postgres);
    assert!(again.is_running(), "the first one has nothing to do with it any more");
    let pid = postmaster(place.path());
    drop(again);
    assert!(!is_alive(pid));
}

#[test]
fn clients_that_stay_connected_do_not_hold_up_the_stop() {
    let place = Place::new();
    let postgres = PrivatePostgres::start(place.path()).unwrap();
    let pid = postmaster(place.path());
    let _client = UnixStream::connect(private(place.path()).join("run/.s.PGSQL.5432")).unwrap();
    drop(postgres);
    assert!(!is_alive(pid));
}

#[test]
fn two_directories_have_two_servers() {
    let (here, there) = (Place::new(), Place::new());
    let one = PrivatePostgres::start(here.path()).unwrap();
    let two = PrivatePostgres::start(there.path()).unwrap();
    query(&one.connection_string(), "CREATE TABLE only_here ()");
    assert_eq!(query(&two.connection_string(), "SELECT to_regclass('only_here') IS NULL"), "t");
    drop(one);
    assert!(two.is_running());
}

#[test]
fn the_environment_stays_with_the_gateway() {
    let place = Place::new();
    let mut command = holder_command(PROGRAM, place.path());
    for (name, value) in [("PGDATA", "/nonexistent"), ("PGPORT", "1"), ("PGUSER", "x"), ("PGOPTIONS", "-c fsync=off")] {
        command.env(name, value);
    }
    command.env("GATEWAY_SECRET", "x");
    let _holder = wait_until_ready(&mut command);
    assert_eq!(query(&connection_string(place.path()), "SHOW fsync"), "on");
    for pid in [postmaster(place.path()), watchdog(place.path())] {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
        let environment = String::from_utf8_lossy(&environment).into_owned();
        let leaked = environment.split('\0').find(|entry| entry.starts_with("PG") || entry.starts_with("GATEWAY"));
        assert_eq!(leaked, None);
    }
}
