//! What systemd is told (sd_notify(3)): read as it reads it, from a datagram socket.

use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::database::TestDatabase;

/// A process that is ended with its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for a message with this line; others are passed over.
fn wait_for(socket: &UnixDatagram, line: &str) {
    let mut message = [0; 4096];
    loop {
        let length = socket.recv(&mut message).unwrap_or_else(|error| panic!("nobody says {line}: {error}"));
        if String::from_utf8_lossy(&message[..length]).lines().any(|said| said == line) {
            return;
        }
    }
}

#[actix_web::test]
async fn systemd_hears_of_the_start_of_life_and_of_the_drain() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("bound");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
    let path = path.to_str().expect("UTF-8");
    let database = TestDatabase::new().await;
    // As systemd does, the process id included.
    let start = concat!("WATCHDOG_PID=$$ exec ", env!("CARGO_BIN_EXE_twostep"), " serve");
    let mut gateway = Command::new("/bin/sh")
        .args(["-c", start])
        .current_dir(folder.path())
        .env("NOTIFY_SOCKET", path)
        .env("WATCHDOG_USEC", "400000")
        .env("TWOSTEP__DATABASE__URL", &database.url)
        .env("TWOSTEP__HTTP__ADDRESS", "127.0.0.1:0")
        .env("TWOSTEP__OPERATOR__ADDRESS", "127.0.0.1:0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(Ended)
        .expect("it starts");
    wait_for(&socket, "READY=1");
    for _ in 0..3 {
        wait_for(&socket, "WATCHDOG=1");
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&gateway.0), rustix::process::Signal::TERM)
        .expect("told");
    wait_for(&socket, "STOPPING=1");
    assert!(gateway.0.wait().expect("it ends").success());
}
