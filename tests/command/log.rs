//! The log, when whoever reads it stands still, and output that is not read to its end.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use futures_util::StreamExt;
use reqwest::Method;

use crate::support::client::Client;
use crate::support::process::{data_folder, free_port};

/// More lines than a pipe of 64 KiB and the queue take together.
const LINES: usize = 12_000;

struct Kill(Child);

impl Drop for Kill {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[actix_web::test]
async fn a_log_that_nobody_reads_holds_nothing_up_and_what_is_dropped_is_counted() {
    let (folder, operator) = (data_folder(), format!("127.0.0.1:{}", free_port()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_twostep"));
    command.env("TWOSTEP__HTTP__ADDRESS", "127.0.0.1:0").env("TWOSTEP__OPERATOR__ADDRESS", &operator);
    command.env("TWOSTEP__DATABASE__DATA_DIR", folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut gateway = Kill(command.spawn().expect("the gateway's program runs"));
    // The other end of standard error is open, and nobody reads from it.
    let lines = BufReader::new(gateway.0.stdout.take().expect("piped")).lines();
    let url = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("listening on ").map(str::to_owned));
    let client = Client::new(&url.expect("it starts"));
    let refused = futures_util::stream::iter(0..LINES).map(|_| {
        let client = &client;
        async move { client.send(Method::POST, "/v1/connect/ticket", Some("nobody's"), None).await.status.as_u16() }
    });
    let refused: Vec<u16> = refused.buffer_unordered(32).collect().await;
    assert!(refused.iter().all(|status| *status == 401), "each is answered, and each is a line of the log");
    let metrics =
        Client::new(&format!("http://{operator}")).send(Method::GET, "/metrics", None, None).await.expect(200);
    let name = "twostep_log_lines_dropped_total ";
    let dropped = metrics.as_str().expect("a text").lines().find_map(|line| line.strip_prefix(name)?.parse().ok());
    assert!(dropped.is_some_and(|dropped: usize| (1..LINES).contains(&dropped)), "{dropped:?}");
}

#[actix_web::test]
async fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = data_folder();
    for arguments in ["completions bash", "default-config", "openapi", "reference"] {
        let shell = format!("set -o pipefail; '{}' {arguments} | head -c 1 >/dev/null", env!("CARGO_BIN_EXE_twostep"));
        let output = Command::new("bash").current_dir(folder.path()).args(["-c", &shell]).output().expect("it runs");
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments}: {}", super::text(&output.stderr));
    }
}
