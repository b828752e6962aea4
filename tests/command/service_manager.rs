//! What systemd is told (sd_notify(3)): read as it reads it, from a datagram socket.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Method;

use crate::support::client::Client;
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

/// Opens two sockets as systemd does, prints their ports, and becomes the gateway, which is told of the first one's address only.
const ACTIVATE: &str = r#"
import os, socket, sys
sockets = [socket.create_server(("127.0.0.1", 0), backlog=16) for _ in range(2)]
print(*[one.getsockname()[1] for one in sockets], flush=True)
for number, one in enumerate([os.dup(one.fileno()) for one in sockets], 3):
    os.dup2(one, number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", TWOSTEP__HTTP__ADDRESS=f"127.0.0.1:{sockets[0].getsockname()[1]}")
os.execv(sys.argv[1], [sys.argv[1], "serve"])
"#;

#[actix_web::test]
async fn a_socket_that_systemd_opened_is_served_and_another_is_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = TestDatabase::new().await;
    let mut gateway = Command::new("python3")
        .args(["-c", ACTIVATE, env!("CARGO_BIN_EXE_twostep")])
        .current_dir(folder.path())
        .env("TWOSTEP__DATABASE__URL", &database.url)
        .env("TWOSTEP__OPERATOR__ADDRESS", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map(Ended)
        .expect("it starts");
    let mut said = BufReader::new(gateway.0.stdout.take().expect("piped")).lines();
    let ports = said.next().expect("a line").expect("text");
    let (own, other) = ports.split_once(' ').expect("two ports");
    // The socket is there before the gateway: who comes now waits, and is refused by nobody.
    let client = Client::new(&format!("http://127.0.0.1:{own}"));
    client.send(Method::GET, "/v1/client-ip", None, None).await.expect(200);
    let warned = BufReader::new(gateway.0.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let mut warned = warned.filter(|line| line.contains("the service manager opened a socket"));
    assert!(warned.next().expect("a warning").contains(&format!("127.0.0.1:{other}")));
    // It is nobody's: refused, not silent.
    assert!(std::net::TcpStream::connect(format!("127.0.0.1:{other}")).is_err());
}
