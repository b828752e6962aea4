//! Where the data may be, and who may run the gateway.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use twostep_private_postgres::PrivatePostgres;

use crate::holder::{PROGRAM, holder_command, wait_until_ready};
use crate::machine::*;

#[test]
fn path_that_is_too_long_for_a_socket() {
    let place = Place::new();
    let data_dir = place.path().join("deep/".repeat(30));
    starts_twice(&data_dir);
    let postgres = PrivatePostgres::start(&data_dir).unwrap();
    let sockets = postgres.connection_string();
    let sockets = Path::new(sockets.split_whitespace().next().unwrap().strip_prefix("host=").unwrap());
    assert_eq!(fs::metadata(sockets).unwrap().mode() & 0o777, 0o700);
    drop(postgres);
    assert!(!sockets.exists(), "nothing is left outside the data directory");
}

#[test]
fn path_with_characters_that_mean_something_elsewhere() {
    for name in ["it's \"$HOME\" `id` back\\slash per%cent *ünï* -D", "a,b"] {
        let place = Place::new();
        starts_twice(&place.path().join(name));
    }
}

#[test]
fn link_leads_to_the_same_data() {
    let place = Place::new();
    let data_dir = place.path().join("data");
    drop(PrivatePostgres::start(&data_dir).unwrap());
    let link = place.path().join("link");
    std::os::unix::fs::symlink(&data_dir, &link).unwrap();
    let through_link = PrivatePostgres::start(&link).unwrap();
    assert_eq!(through_link.connection_string(), connection_string(&data_dir));
}

/// As root the data cannot be there, and moves behind a link; an ordinary user has it there.
#[test]
fn data_directory_in_a_closed_directory() {
    let place = Place::new();
    place.set_mode(0o700);
    starts_twice(place.path());
    let (link, private) = (place.path().join("postgres"), private(place.path()));
    assert_eq!(link.is_symlink(), is_root());
    place.set_mode(0o755);
    let postgres = PrivatePostgres::start(place.path()).unwrap();
    assert_eq!(query(&postgres.connection_string(), "SELECT answer FROM kept"), "42", "found again when it opens up");
    drop(postgres);
    if link.is_symlink() {
        assert!(private.starts_with("/var/lib"), "{}", private.display());
        fs::remove_dir_all(private).unwrap();
    }
}

/// As root the program is run as another user; an ordinary user is one already.
#[test]
fn ordinary_user_runs_the_server_as_itself() {
    let place = Place::new();
    let program = place.path().join("program");
    // Not `fs::copy`: a program cannot be run while a process that another test just makes has it open for writing.
    assert!(Command::new("cp").arg(PROGRAM).arg(&program).status().unwrap().success());
    let data_dir = place.path().join("data");
    let mut command = holder_command(&program, &data_dir);
    if is_root() {
        fs::create_dir(&data_dir).unwrap();
        chown(&data_dir, Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    for _start in ["first", "second"] {
        let holder = wait_until_ready(&mut command);
        assert_eq!(user_of(postmaster(&data_dir)), user_of(holder.pid()));
        assert_ne!(user_of(holder.pid()), 0);
        assert_eq!(query(&connection_string(&data_dir), "SELECT 1"), "1");
        holder.kill();
    }
    // Root takes such data as it is: the server goes on as its owner.
    let postgres = PrivatePostgres::start(&data_dir).unwrap();
    let owner = fs::metadata(cluster(&data_dir)).unwrap().uid();
    assert_eq!(user_of(postmaster(&data_dir)), owner);
    drop(postgres);
    wait_until_ready(&mut command).kill(); // and its owner can still use it
}

/// Containers give root no right to look into other users' processes; an ordinary user never has it.
#[test]
fn server_is_recognized_without_the_right_to_look_into_processes() {
    let place = Place::new();
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace"]);
    }
    let plain = holder_command(PROGRAM, place.path());
    command.arg("--").arg(PROGRAM).envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let holder = wait_until_ready(&mut command);
    let pid = postmaster(place.path());
    holder.kill_with_watchdog(place.path());
    let _next = wait_until_ready(&mut command);
    assert_eq!(postmaster(place.path()), pid);
}

fn starts_twice(data_dir: &Path) {
    let first = PrivatePostgres::start(data_dir).unwrap_or_else(|error| panic!("{}: {error}", data_dir.display()));
    query(&first.connection_string(), "CREATE TABLE kept AS SELECT 42 AS answer");
    drop(first);
    let second = PrivatePostgres::start(data_dir).unwrap_or_else(|error| panic!("{}: {error}", data_dir.display()));
    assert_eq!(query(&second.connection_string(), "SELECT answer FROM kept"), "42", "{}", data_dir.display());
}
