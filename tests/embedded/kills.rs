//! Whatever is killed, at whatever moment: the server ends with the gateway, and the next start works.

use std::fs;
use std::path::Path;
use std::thread;

use twostep_private_postgres::PrivatePostgres;

use crate::holder::{spawn_holder, spawn_unready};
use crate::machine::*;

#[test]
fn server_ends_with_a_killed_gateway_and_starts_again_with_the_next() {
    let place = Place::new();
    let holder = spawn_holder(place.path());
    query(&connection_string(place.path()), "CREATE TABLE kept ()");
    let (postmaster, watchdog) = (postmaster(place.path()), watchdog(place.path()));
    holder.kill();
    let next = PrivatePostgres::start(place.path()).unwrap();
    assert!(!is_alive(postmaster) && !is_alive(watchdog), "the next start waits for the end of the old server");
    assert_eq!(query(&next.connection_string(), "SELECT to_regclass('kept') IS NOT NULL"), "t");
}

#[test]
fn server_that_outlives_gateway_and_watchdog_is_taken_over() {
    let place = Place::new();
    let holder = spawn_holder(place.path());
    let (pid, old_watchdog) = (postmaster(place.path()), watchdog(place.path()));
    holder.kill_with_watchdog(place.path());
    assert!(is_alive(pid));

    let next = PrivatePostgres::start(place.path()).unwrap();
    assert_eq!(postmaster(place.path()), pid);
    assert_eq!(query(&next.connection_string(), "SELECT 1"), "1");
    assert_ne!(watchdog(place.path()), old_watchdog);
    drop(next);
    // It is not this process's child: its end cannot be waited for, only seen.
    wait_until("it ends with its new gateway", || !is_alive(pid));
}

#[test]
fn dead_postmaster_is_noticed_and_replaced() {
    let place = Place::new();
    let mut postgres = PrivatePostgres::start(place.path()).unwrap();
    query(&postgres.connection_string(), "CREATE TABLE kept AS SELECT 42 AS answer");
    assert!(!postgres.restart_if_dead().unwrap(), "nothing to do");

    let old = postmaster(place.path());
    kill(old);
    wait_until("death is noticed", || !postgres.is_running());
    assert!(postgres.restart_if_dead().unwrap());
    assert!(postgres.is_running());
    assert_ne!(postmaster(place.path()), old);
    assert_eq!(query(&postgres.connection_string(), "SELECT answer FROM kept"), "42");
    let new = postmaster(place.path());
    drop(postgres);
    assert!(!is_alive(new));
}

#[test]
fn backend_that_outlives_its_postmaster_is_waited_for() {
    let place = Place::new();
    let mut postgres = PrivatePostgres::start(place.path()).unwrap();
    let address = postgres.connection_string();
    let busy = "DO $$ BEGIN WHILE clock_timestamp() < now() + interval '2 s' LOOP END LOOP; END $$";
    let client = {
        let address = address.clone();
        thread::spawn(move || query(&address, busy))
    };
    let is_busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'";
    wait_until("a backend is busy", || query(&address, is_busy) == "1");
    kill(postmaster(place.path()));
    wait_until("death is noticed", || !postgres.is_running());
    assert!(postgres.restart_if_dead().unwrap());
    assert_eq!(query(&address, "SELECT 1"), "1");
    let _ = client.join(); // answered or cut off
    let log = fs::read_to_string(postgres.log_file()).unwrap();
    assert!(log.contains("pre-existing shared memory block"), "there was something to wait for: {log}");
}

#[test]
fn postmaster_that_died_unnoticed_does_not_hold_up_the_stop() {
    let place = Place::new();
    let postgres = PrivatePostgres::start(place.path()).unwrap();
    kill(postmaster(place.path()));
    drop(postgres);
    assert!(PrivatePostgres::start(place.path()).unwrap().is_running());
}

#[test]
fn killed_watchdog_is_replaced_and_missed_by_nobody() {
    let place = Place::new();
    let mut postgres = PrivatePostgres::start(place.path()).unwrap();
    let old = watchdog(place.path());
    kill(old);
    wait_until("the watchdog is dead", || !is_alive(old));
    assert!(!postgres.restart_if_dead().unwrap(), "the server itself is well");
    let new = watchdog(place.path());
    assert_ne!(new, old);
    kill(new);
    let pid = postmaster(place.path());
    drop(postgres);
    assert!(!is_alive(pid), "the gateway needs no watchdog to stop it");
}

#[test]
fn killed_when_it_has_only_locked() {
    next_start_works_after_a_kill_when(|root| root.join("lock").exists());
}

#[test]
fn killed_while_it_makes_the_cluster() {
    next_start_works_after_a_kill_when(|root| {
        let entries = fs::read_dir(root).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with("pg.new-"))
    });
}

#[test]
fn killed_when_the_cluster_is_complete() {
    next_start_works_after_a_kill_when(|root| root.join("pg").exists());
}

#[test]
fn killed_while_the_server_starts() {
    next_start_works_after_a_kill_when(|root| root.join("pg/postmaster.pid").exists());
}

#[test]
fn reused_process_id_is_not_taken_for_the_server() {
    let place = Place::new();
    drop(PrivatePostgres::start(place.path()).unwrap());
    let mut bystander = bystander(place.path(), &["sleep", "600"]);
    pretend_to_be_the_server(place.path(), bystander.id());

    let postgres = PrivatePostgres::start(place.path()).unwrap();
    assert_ne!(postmaster(place.path()), bystander.id());
    kill(postmaster(place.path()));
    wait_until("death is noticed", || !postgres.is_running());
    pretend_to_be_the_server(place.path(), bystander.id());
    drop(postgres);
    assert!(is_alive(bystander.id()), "not stopped in the server's place");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn zombie_with_the_servers_old_id_is_not_taken_for_the_server() {
    let place = Place::new();
    drop(PrivatePostgres::start(place.path()).unwrap());
    let mut zombie = bystander(place.path(), &["true"]);
    wait_until("it has ended, and nobody took notice", || !is_alive(zombie.id()));
    pretend_to_be_the_server(place.path(), zombie.id());
    assert!(PrivatePostgres::start(place.path()).unwrap().is_running());
    zombie.wait().unwrap();
}

/// Kills a gateway on its very first start at the moment that can be seen in the private directory.
fn next_start_works_after_a_kill_when(is_reached: impl Fn(&Path) -> bool) {
    let place = Place::new();
    let root = place.path().join("postgres");
    let holder = spawn_unready(place.path());
    wait_until("the moment to kill", || is_reached(&root));
    holder.kill();
    let next = PrivatePostgres::start(place.path()).unwrap();
    assert_eq!(query(&next.connection_string(), "SELECT 1"), "1");
}

/// What a power cut leaves, once the id in the files has gone to another process.
fn pretend_to_be_the_server(data_dir: &Path, pid: u32) {
    let cluster = cluster(data_dir);
    let sockets = private(data_dir).join("run");
    let text =
        format!("{pid}\n{}\n1700000000\n5432\n{}\n\n     1  2\nready   \n", cluster.display(), sockets.display());
    fs::write(cluster.join("postmaster.pid"), &text).unwrap();
    fs::write(sockets.join(".s.PGSQL.5432.lock"), &text).unwrap();
}
