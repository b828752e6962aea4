//! What production refuses, one line each, and what it only warns about.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use super::{run, text};

/// Settings that production starts with, in a folder with the files that they name.
struct Production {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Production {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut production = Self { folder, environment: Vec::new() };
        production.set("MODE", "production");
        production.set("DATABASE__URL", "postgres://anna:hush@db.example.com/twostep?sslmode=require");
        production.set("HTTP__TRUSTED_PROXIES", "[\"10.0.0.10/32\"]");
        production.set("SMTP__HOST", "smtp.example.com");
        let keys = production.file("code-keys", &twostep::settings::random_line("k1"));
        production.set("CODES__KEYS_FILE", keys.to_str().expect("UTF-8"));
        production
    }

    fn set(&mut self, key: &str, value: &str) {
        self.unset(key);
        self.environment.push((format!("TWOSTEP__{key}"), value.to_owned()));
    }

    fn unset(&mut self, key: &str) {
        self.environment.retain(|(name, _)| *name != format!("TWOSTEP__{key}"));
    }

    /// A file that its owner alone reads.
    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("changed");
        path
    }

    fn check(&self) -> Result<(), String> {
        let environment: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let output = run(self.folder.path(), &["check-config"], &environment);
        if output.status.success() { Ok(()) } else { Err(text(&output.stderr)) }
    }
}

/// Breaks one thing, and expects that one line says so with these words, and no secret. What it names may be missing besides.
#[track_caller]
fn assert_refused(what: &str, words: &[&str], break_it: impl FnOnce(&mut Production)) {
    let mut production = Production::new();
    break_it(&mut production);
    let said = production.check().expect_err(what);
    let says_it = |line: &&str| words.iter().all(|word| line.contains(word));
    assert_eq!(said.lines().filter(says_it).count(), 1, "{what}: one line with {words:?}: {said}");
    assert!(!said.contains("hush") && !said.contains("panicked"), "{what}: {said}");
}

#[test]
fn production_starts_with_what_it_needs() {
    assert_eq!(Production::new().check(), Ok(()));
    let mut own_tls = Production::new();
    own_tls.unset("HTTP__TRUSTED_PROXIES");
    let made = rcgen::generate_simple_self_signed(vec!["login.example.com".to_owned()]).expect("a certificate");
    let files = [own_tls.file("tls.crt", &made.cert.pem()), own_tls.file("tls.key", &made.signing_key.serialize_pem())];
    for (key, file) in ["CERTIFICATE_FILE", "KEY_FILE"].into_iter().zip(&files) {
        own_tls.set(&format!("HTTP__TLS__{key}"), file.to_str().expect("UTF-8"));
    }
    assert_eq!(own_tls.check(), Ok(()));
}

#[test]
fn production_refuses_conveniences_of_development() {
    assert_refused("a private database", &["database.url", "TWOSTEP__DATABASE__URL"], |it| it.unset("DATABASE__URL"));
    assert_refused("no key", &["codes.keys_file", "twostep code-keys add"], |it| it.unset("CODES__KEYS_FILE"));
    assert_refused("the outbox", &["smtp.host", "TWOSTEP__SMTP__HOST"], |it| it.unset("SMTP__HOST"));
}

#[test]
fn production_refuses_lines_in_the_clear() {
    assert_refused("a database in the clear", &["database.url", "sslmode=require"], |it| {
        it.set("DATABASE__URL", "postgres://anna:hush@db.example.com/twostep");
    });
    assert_refused("mail in the clear", &["smtp.tls", "starttls"], |it| {
        it.set("SMTP__HOST", "localhost");
        it.set("SMTP__TLS", "none");
    });
    assert_refused("no TLS", &["http.tls.certificate_file", "http.trusted_proxies"], |it| {
        it.unset("HTTP__TRUSTED_PROXIES");
    });
    assert_refused("a page over plain HTTP", &["http.allowed_origins", "http://login.example.com"], |it| {
        it.set("HTTP__ALLOWED_ORIGINS", "[\"https://app.example.com\", \"http://login.example.com\"]");
    });
    assert_refused("everybody a proxy", &["http.trusted_proxies", "0.0.0.0/0"], |it| {
        it.set("HTTP__TRUSTED_PROXIES", "[\"0.0.0.0/0\"]");
    });
    assert_refused("FCM in the clear", &["fcm.base_url"], |it| {
        it.set("FCM__SERVICE_ACCOUNT_FILE", "/nowhere/fcm.json");
        it.set("FCM__BASE_URL", "http://127.0.0.1:1");
    });
    assert_refused("APNs in the clear", &["apns.base_url"], |it| {
        it.set("APNS__SIGNING_KEY_FILE", "/nowhere/key.p8");
        it.set("APNS__BASE_URL", "http://127.0.0.1:1");
    });
}

#[test]
fn production_refuses_keys_that_are_not_random() {
    let zeros = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_refused("zeros", &["codes.keys", "k1 is not random"], |it| {
        it.unset("CODES__KEYS_FILE");
        it.set("CODES__KEYS", zeros);
    });
    assert_refused("zeros in a file", &["codes.keys", "k1 is not random"], |it| {
        it.file("code-keys", zeros);
    });
    assert_refused("a key of development", &["development was made for development"], |it| {
        it.file("code-keys", &twostep::settings::random_line("development"));
    });
}

#[test]
fn production_refuses_files_with_secrets_that_others_read() {
    for (setting, named_by) in SECRET_FILES {
        assert_file_refused(setting, named_by, &["its mode is 0644", "chmod 600"], |path| set_mode(path, 0o644));
    }
}

/// Whoever owns a file can change it, whatever its mode is.
#[test]
fn production_refuses_files_with_secrets_that_somebody_else_owns_or_links_to() {
    const NOBODY: u32 = 65_534;
    if !rustix::process::geteuid().is_root() {
        let _ = writeln!(std::io::stderr(), "skipped, for want of root: files with secrets that somebody else owns");
        return;
    }
    for (setting, named_by) in SECRET_FILES {
        assert_file_refused(setting, named_by, &["belongs to user 65534", "chown"], |path| {
            chown(path, Some(NOBODY), None).expect("given away");
        });
        assert_file_refused(setting, named_by, &["belongs to user 65534", "chown the link"], |path| {
            let target = path.with_extension("target");
            fs::rename(path, &target).expect("renamed");
            symlink(&target, path).expect("linked");
            lchown(path, Some(NOBODY), None).expect("given away");
        });
    }
}

#[test]
fn production_refuses_files_with_secrets_that_others_can_replace() {
    for (setting, named_by) in SECRET_FILES {
        assert_file_refused(setting, named_by, &["can be written by others", "chmod go-w"], |path| {
            set_mode(path.parent().expect("a folder"), 0o777);
        });
    }
}

#[test]
fn production_takes_secrets_through_links_of_its_own() {
    for (_, named_by) in SECRET_FILES.iter().filter(|(_, named_by)| *named_by == "CODES__KEYS_FILE") {
        let mut production = Production::new();
        let folder = production.folder.path().join("..data");
        fs::create_dir(&folder).expect("made");
        fs::rename(production.folder.path().join("code-keys"), folder.join("code-keys")).expect("moved");
        symlink("..data/code-keys", production.folder.path().join("link")).expect("linked");
        let link = production.folder.path().join("link");
        production.set(named_by, link.to_str().expect("UTF-8"));
        assert_eq!(production.check(), Ok(()));
    }
}

#[test]
fn production_lets_nobody_administer_from_elsewhere_without_a_token() {
    for address in ["0.0.0.0:9090", "[::]:9090", "10.0.0.7:9090"] {
        assert_refused(address, &["operator.address", "TWOSTEP__OPERATOR__TOKEN_FILE", "probe.address"], |it| {
            it.set("OPERATOR__ADDRESS", address);
        });
    }
    let mut with_token = Production::new();
    with_token.set("OPERATOR__ADDRESS", "0.0.0.0:9090");
    let token = with_token.file("operator-token", "0123456789abcdef0123456789abcdef\n");
    with_token.set("OPERATOR__TOKEN_FILE", token.to_str().expect("UTF-8"));
    assert_eq!(with_token.check(), Ok(()));
    for address in ["127.0.0.1:9090", "[::1]:9090", "127.9.9.9:1"] {
        let mut on_this_machine = Production::new();
        on_this_machine.set("OPERATOR__ADDRESS", address);
        assert_eq!(on_this_machine.check(), Ok(()), "{address}");
    }
}

#[test]
fn production_makes_no_token_and_takes_no_word_for_one() {
    assert_refused("no file", &["TWOSTEP__OPERATOR__TOKEN_FILE", "cannot be read"], |it| {
        let path = it.folder.path().join("operator-token");
        it.set("OPERATOR__TOKEN_FILE", path.to_str().expect("UTF-8"));
    });
    assert_refused("a word", &["operator.token_file", "holds no token"], |it| {
        let path = it.file("operator-token", "hush\n");
        it.set("OPERATOR__TOKEN_FILE", path.to_str().expect("UTF-8"));
    });
    assert_refused("a name with a port", &["operator.hosts", "gateway.internal:9090"], |it| {
        it.set("OPERATOR__HOSTS", "[\"gateway.internal:9090\"]");
    });
}

/// Every setting that names a file with a secret, and its variable.
const SECRET_FILES: &[(&str, &str)] = &[
    ("codes.keys_file", "CODES__KEYS_FILE"),
    ("TWOSTEP__DATABASE__URL_FILE", "DATABASE__URL_FILE"),
    ("TWOSTEP__SMTP__PASSWORD_FILE", "SMTP__PASSWORD_FILE"),
    ("TWOSTEP__BUS__URL_FILE", "BUS__URL_FILE"),
    ("bus.credentials_file", "BUS__CREDENTIALS_FILE"),
    ("fcm.service_account_file", "FCM__SERVICE_ACCOUNT_FILE"),
    ("apns.signing_key_file", "APNS__SIGNING_KEY_FILE"),
    ("http.tls.key_file", "HTTP__TLS__KEY_FILE"),
    ("operator.token_file", "OPERATOR__TOKEN_FILE"),
    ("TWOSTEP__TRACES__AUTHORIZATION_FILE", "TRACES__AUTHORIZATION_FILE"),
    ("TWOSTEP__WEBHOOKS__SECRET_FILE", "WEBHOOKS__SECRET_FILE"),
];

/// Spoils the file that a setting names, which production was fine with before.
#[track_caller]
fn assert_file_refused(setting: &str, named_by: &str, words: &[&str], spoil: impl Fn(&Path)) {
    let words = [&[setting], words].concat();
    assert_refused(setting, &words, |it| {
        // A file and a folder of its own, so that no other setting is to blame.
        let folder = it.folder.path().join("secrets");
        fs::create_dir(&folder).expect("made");
        let content = match named_by {
            "CODES__KEYS_FILE" => twostep::settings::random_line("k1").to_string(),
            "BUS__URL_FILE" => "tls://gateway:hush@localhost".to_owned(),
            "OPERATOR__TOKEN_FILE" => "hush-0123456789abcdef".to_owned(),
            "TRACES__AUTHORIZATION_FILE" => "Bearer hush".to_owned(),
            "WEBHOOKS__SECRET_FILE" => "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned(),
            _ => "host=localhost user=hush".to_owned(),
        };
        let path = it.file("secrets/secret", &content);
        if named_by == "SMTP__PASSWORD_FILE" {
            it.set("SMTP__USERNAME", "gateway");
        }
        it.set("HTTP__TLS__CERTIFICATE_FILE", "/nowhere/tls.crt");
        it.set("HTTP__TLS__KEY_FILE", "/nowhere/tls.key");
        it.set(named_by, path.to_str().expect("UTF-8"));
        spoil(&path);
    });
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("changed");
}
