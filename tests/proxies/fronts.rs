//! Debian's nginx, HAProxy and Caddy in front of a gateway.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use crate::support::client::DEADLINE;
use crate::support::gateway::TestGateway;

/// A certificate for `localhost`, and its key.
pub(super) struct Pair(TempDir);

impl Pair {
    pub(super) fn new() -> Self {
        let pair = Self(tempfile::tempdir().expect("a folder"));
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        std::fs::write(pair.certificate(), &certificate).expect("written");
        std::fs::write(pair.key(), &key).expect("written");
        std::fs::write(pair.both(), certificate + &key).expect("written");
        pair
    }

    pub(super) fn certificate(&self) -> PathBuf {
        self.0.path().join("certificate.pem")
    }

    /// The certificate itself.
    pub(super) fn pem(&self) -> String {
        std::fs::read_to_string(self.certificate()).expect("readable")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    /// Both in one file, as HAProxy wants them.
    fn both(&self) -> PathBuf {
        self.0.path().join("both.pem")
    }
}

/// A proxy that runs until it is dropped.
pub(super) struct Front {
    /// Where it listens.
    pub(super) base: String,
    process: Child,
    _folder: TempDir,
}

impl Front {
    pub(super) fn is_secure(&self) -> bool {
        self.base.starts_with("https:")
    }

    /// Starts a program with a configuration for a port of its own.
    async fn start(scheme: &str, settings: impl Fn(u16, &Path) -> String, run: fn(&Path) -> Command) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("settings");
        std::fs::write(&file, settings(port, folder.path())).expect("written");
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let mut command = run(&file);
        command.current_dir(folder.path()).env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = command.spawn().expect("scripts/install-test-tools installs it");
        let mut front = Self { base: format!("{scheme}://localhost:{port}"), process, _folder: folder };
        let listens = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                if let Ok(Some(status)) = front.process.try_wait() {
                    let log = std::fs::read_to_string(file.with_file_name("log")).unwrap_or_default();
                    panic!("{status}: {log}");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, listens).await.expect("it listens");
        front
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A file that we ship, with what an operator would change in it.
fn shipped(name: &str, changes: &[(&str, String)]) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/proxies").join(name);
    let text = std::fs::read_to_string(file).expect("it is there");
    changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{name} does not have {from:?}");
        text.replace(from, to)
    })
}

/// What stands around `http` of nginx.
fn around_nginx(http: &str, folder: &Path) -> String {
    let folder = folder.display();
    let places =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {folder}/{kind};"));
    format!(
        "daemon off; pid {folder}/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log off; {}\n{http}\n}}\n",
        places.join(" ")
    )
}

fn run_nginx(settings: &Path) -> Command {
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-c").arg(settings);
    command
}

fn run_haproxy(settings: &Path) -> Command {
    let mut command = Command::new("/usr/sbin/haproxy");
    command.arg("-db").arg("-f").arg(settings);
    command
}

fn run_caddy(settings: &Path) -> Command {
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(settings);
    command
}

fn probe(gateway: &TestGateway) -> u16 {
    gateway.app.probe_address().expect("it has one").port()
}

pub(super) async fn nginx_shipped(gateway: &TestGateway, pair: &Pair) -> Front {
    let upstream = gateway.app.address();
    let settings = |port, folder: &Path| {
        let changes = [
            ("server gateway-1:8080;", format!("server {upstream};")),
            ("    server gateway-2:8080;\n", String::new()),
            ("listen 443 ssl;", format!("listen 127.0.0.1:{port} ssl;")),
            ("/run/secrets/tls.crt", pair.certificate().display().to_string()),
            ("/run/secrets/tls.key", pair.key().display().to_string()),
        ];
        around_nginx(&shipped("nginx.conf", &changes), folder)
    };
    Front::start("https", settings, run_nginx).await
}

pub(super) async fn haproxy_shipped(gateway: &TestGateway, pair: &Pair) -> Front {
    let (upstream, probe) = (gateway.app.address(), probe(gateway));
    let settings = |port, _: &Path| {
        let changes = [
            // A test may not open so many files.
            ("maxconn 200000", "maxconn 200".to_owned()),
            (
                "    bind :443 ssl crt /etc/haproxy/login.example.com.pem",
                format!("    bind 127.0.0.1:{port} ssl crt {}", pair.both().display()),
            ),
            ("    server gateway-1 10.0.0.11:8080\n", format!("    server gateway-1 {upstream}\n")),
            ("    server gateway-2 10.0.0.12:8080\n", String::new()),
            ("default-server check port 9091", format!("default-server check port {probe}")),
        ];
        shipped("haproxy.cfg", &changes)
    };
    Front::start("https", settings, run_haproxy).await
}

pub(super) async fn caddy_shipped(gateway: &TestGateway, pair: &Pair) -> Front {
    let (upstream, probe) = (gateway.app.address(), probe(gateway));
    let settings = |port, _: &Path| {
        let tls = format!("tls {} {}", pair.certificate().display(), pair.key().display());
        let changes = [
            ("login.example.com {", format!("https://localhost:{port} {{\n\t{tls}")),
            ("10.0.0.11:8080 10.0.0.12:8080", upstream.to_string()),
            ("health_port 9091", format!("health_port {probe}")),
        ];
        format!("{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{}", shipped("Caddyfile", &changes))
    };
    Front::start("https", settings, run_caddy).await
}

/// What people paste for WebSockets: every request asks for an upgrade.
pub(super) const UPGRADE_ALWAYS: &str = r#"
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"#;
/// The client's headers as they are.
pub(super) const UPGRADE_OF_CLIENT: &str = r"
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;
    proxy_set_header HTTP2-Settings $http_http2_settings;
    proxy_set_header Host $host;";
/// What nginx's own page on WebSockets has.
pub(super) const UPGRADE_OR_CLOSE: &str = r"
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;";
/// Nothing.
pub(super) const BARE: &str = "";

/// nginx with these lines beside `proxy_pass`.
pub(super) async fn nginx(gateway: &TestGateway, lines: &str) -> Front {
    let upstream = gateway.app.address();
    let settings = |port, folder: &Path| {
        let http = format!(
            "map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}\n\
             upstream app {{ server {upstream}; keepalive 16; }}\n\
             server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://app; {lines} }} }}"
        );
        around_nginx(&http, folder)
    };
    Front::start("http", settings, run_nginx).await
}

pub(super) async fn haproxy_bare(gateway: &TestGateway) -> Front {
    let upstream = gateway.app.address();
    let settings = |port, _: &Path| {
        format!(
            "global\n    maxconn 200\ndefaults\n    mode http\n    timeout connect 5s\n    timeout client 50s\n    timeout server 50s\n\
             frontend front\n    bind 127.0.0.1:{port}\n    default_backend app\nbackend app\n    server app {upstream}\n"
        )
    };
    Front::start("http", settings, run_haproxy).await
}

pub(super) async fn caddy_bare(gateway: &TestGateway) -> Front {
    let upstream = gateway.app.address();
    let settings =
        |port, _: &Path| format!("{{\n\tadmin off\n}}\nhttp://localhost:{port} {{\n\treverse_proxy {upstream}\n}}\n");
    Front::start("http", settings, run_caddy).await
}
