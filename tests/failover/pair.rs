//! A PostgreSQL and its streaming replica, over TCP and TLS only, as people run them where a database must not be missed.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

use crate::support::client::DEADLINE;
use crate::support::process::free_port;

/// The role of the gateway.
const ROLE: &str = "twostep";
/// A role that shows a certificate of its own.
pub(super) const CERTIFIED_ROLE: &str = "certified";

/// Both, in a folder of their own.
pub(super) struct Pair {
    pub(super) primary: Server,
    pub(super) replica: Server,
    place: Place,
}

/// One of them; its processes end with it.
pub(super) struct Server {
    pub(super) port: u16,
    data: PathBuf,
    process: Child,
}

/// A folder that belongs to whoever runs PostgreSQL, which refuses to be root.
struct Place {
    folder: TempDir,
    user: Option<(u32, u32)>,
}

impl Pair {
    pub(super) async fn start() -> Self {
        let place = Place::new();
        place.write_certificates();
        let (one, other) = (free_port(), free_port());
        let (data, copy) = (place.path("primary"), place.path("replica"));
        let to = |path: &Path| path.display().to_string();
        place.run(
            "initdb",
            &[
                "--pgdata",
                &to(&data),
                "--username",
                ROLE,
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
                "--locale",
                "C.UTF-8",
                "--no-sync",
            ],
        );
        let settings = format!(
            "listen_addresses = 'localhost'\nunix_socket_directories = ''\nssl = on\nssl_cert_file = '{0}/server.pem'\n\
             ssl_key_file = '{0}/server.key'\nssl_ca_file = '{0}/authority.pem'\nfsync = off\nmax_connections = 40\n",
            place.folder.path().display()
        );
        append(&data.join("postgresql.conf"), &settings);
        let rules = format!(
            "hostssl all {CERTIFIED_ROLE} localhost cert\nhostssl all all localhost trust\nhostssl replication all localhost trust\n"
        );
        fs::write(data.join("pg_hba.conf"), rules).expect("written");
        let primary = Server::start(&place, data, one).await;
        let port = one.to_string();
        place.run(
            "pg_basebackup",
            &[
                "--host",
                "localhost",
                "--port",
                &port,
                "--username",
                ROLE,
                "--pgdata",
                &to(&copy),
                "--write-recovery-conf",
                "--checkpoint",
                "fast",
                "--no-sync",
            ],
        );
        let replica = Server::start(&place, copy, other).await;
        let pair = Self { primary, replica, place };
        // From here on a commit is answered when both have it.
        pair.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        pair.sql("SELECT pg_reload_conf()");
        pair.wait_for("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", "1").await;
        pair.sql(&format!("CREATE ROLE {CERTIFIED_ROLE} LOGIN SUPERUSER"));
        pair
    }

    /// The URL of an operator who names both, and wants the one that takes writes.
    pub(super) fn url(&self) -> String {
        format!(
            "postgres://{ROLE}@localhost:{},localhost:{}/postgres?sslmode=verify-full&sslrootcert={}&target_session_attrs=read-write",
            self.primary.port,
            self.replica.port,
            self.file("authority.pem").display()
        )
    }

    /// A file with a certificate or a key: `authority.pem`, `client.pem`, `client.key`.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    /// Makes the replica take writes.
    pub(super) fn promote(&self) {
        let data = self.replica.data.display().to_string();
        self.place.run("pg_ctl", &["promote", "--wait", "--pgdata", &data]);
    }

    fn sql(&self, text: &str) -> String {
        let port = self.primary.port.to_string();
        let asked = [
            "--host",
            "localhost",
            "--port",
            &port,
            "--username",
            ROLE,
            "--dbname",
            "postgres",
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--command",
            text,
        ];
        String::from_utf8(self.place.run("psql", &asked).stdout).expect("UTF-8").trim().to_owned()
    }

    async fn wait_for(&self, text: &str, answer: &str) {
        let begun = Instant::now();
        while self.sql(text) != answer {
            assert!(begun.elapsed() < DEADLINE, "{text} is not {answer}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Server {
    async fn start(place: &Place, data: PathBuf, port: u16) -> Self {
        let mut command = place.command("postgres");
        command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        let log = place.path(&format!("log-{port}"));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(fs::File::create(&log).expect("a file"));
        let mut server = Self { port, data, process: command.spawn().expect("scripts/install-postgres installs it") };
        let begun = Instant::now();
        let is_ready = || {
            let mut asked = place.command("pg_isready");
            asked.args(["--quiet", "--host", "localhost", "--port", &port.to_string()]);
            asked.status().expect("it runs").success()
        };
        while !is_ready() {
            let is_over = server.process.try_wait().expect("asked").is_some();
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(!is_over && begun.elapsed() < DEADLINE, "PostgreSQL at {port} does not start: {}", said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server
    }

    /// Ends all its processes, without a word to anybody.
    pub(super) fn kill(&mut self) {
        self.signal("KILL");
        self.process.wait().expect("it ends");
    }

    /// All its processes stand still: connections stay, and nothing comes over them.
    pub(super) fn freeze(&self) {
        self.signal("STOP");
    }

    /// First to the postmaster, which could begin others; those it began are its children, each in a session of its own.
    fn signal(&self, name: &str) {
        let postmaster = self.process.id().to_string();
        let signal = |process: &str| Command::new("kill").args(["-s", name, process]).stderr(Stdio::null()).status();
        let children = || Command::new("pgrep").args(["-P", &postmaster]).output().expect("pgrep runs").stdout;
        let before = children();
        // Whoever ended meanwhile needs none.
        let _ = signal(&postmaster);
        for child in String::from_utf8([before, children()].concat()).expect("numbers").lines() {
            let _ = signal(child);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal("KILL");
        let _ = self.process.wait();
    }
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let is_root =
            fs::metadata("/proc/self").map(|data| std::os::unix::fs::MetadataExt::uid(&data)).expect("this process")
                == 0;
        let place = Self { folder, user: is_root.then(unprivileged_user) };
        place.give(place.folder.path());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn give(&self, path: &Path) {
        if let Some((user, group)) = self.user {
            chown(path, Some(user), Some(group)).expect("given");
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(programs().join(program));
        command
            .current_dir(self.folder.path())
            .env("PGSSLMODE", "require")
            .env("PGCONNECT_TIMEOUT", "30")
            .env("HOME", self.folder.path());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let output = self.command(program).args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// An authority, with a certificate for the servers and one for a client.
    fn write_certificates(&self) {
        let mut params = CertificateParams::new(Vec::default()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.distinguished_name.push(DnType::CommonName, "Authority of the databases");
        params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        let key = KeyPair::generate().expect("a key");
        self.write("authority.pem", &params.self_signed(&key).expect("signed").pem());
        let issuer = Issuer::new(params, key);
        for (name, common_name) in [("server", "localhost"), ("client", CERTIFIED_ROLE)] {
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
            params.distinguished_name.push(DnType::CommonName, common_name);
            let key = KeyPair::generate().expect("a key");
            self.write(&format!("{name}.pem"), &params.signed_by(&key, &issuer).expect("signed").pem());
            self.write(&format!("{name}.key"), &key.serialize_pem());
        }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::write(&path, text).expect("written");
        // PostgreSQL refuses keys that others can read.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("made private");
        self.give(&path);
    }
}

fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).open(path).expect("it is there");
    io::Write::write_all(&mut file, text.as_bytes()).expect("written");
}

/// Where the newest PostgreSQL is.
fn programs() -> PathBuf {
    if let Some(programs) = std::env::var_os("PG_BIN").filter(|value| !value.is_empty()) {
        return programs.into();
    }
    let versions = fs::read_dir("/usr/lib/postgresql").expect("scripts/install-postgres installs it");
    let newest = versions.filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.parse::<u32>().ok()).max();
    PathBuf::from(format!("/usr/lib/postgresql/{}/bin", newest.expect("a version")))
}

/// Its user and group, which the package made.
fn unprivileged_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("users");
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect("the package makes the user postgres");
    let mut numbers = line.split(':').skip(2).map(|number| number.parse().expect("a number"));
    (numbers.next().expect("a user"), numbers.next().expect("a group"))
}
