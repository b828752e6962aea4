//! What production refuses, one line each, and what it only warns about.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
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

/// Breaks one thing, and expects one line with these words and no secret.
#[track_caller]
fn assert_refused(what: &str, words: &[&str], break_it: impl FnOnce(&mut Production)) {
    let mut production = Production::new();
    break_it(&mut production);
    let said = production.check().expect_err(what);
    assert_eq!(said.trim_end().lines().count(), 1, "{what}: one readable line: {said}");
    for word in words {
        assert!(said.contains(word), "{what}: {word} in {said}");
    }
    assert!(!said.contains("hush") && !said.contains("panicked"), "{what}: {said}");
}

#[test]
fn production_starts_with_what_it_needs() {
    assert_eq!(Production::new().check(), Ok(()));
    let mut own_tls = Production::new();
    own_tls.unset("HTTP__TRUSTED_PROXIES");
    own_tls.set("HTTP__TLS__CERTIFICATE_FILE", "/etc/twostep/tls.crt");
    own_tls.set("HTTP__TLS__KEY_FILE", "/etc/twostep/tls.key");
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
    for (setting, named_by) in [
        ("codes.keys_file", "CODES__KEYS_FILE"),
        ("TWOSTEP__DATABASE__URL_FILE", "DATABASE__URL_FILE"),
        ("TWOSTEP__SMTP__PASSWORD_FILE", "SMTP__PASSWORD_FILE"),
        ("TWOSTEP__BUS__URL_FILE", "BUS__URL_FILE"),
        ("bus.credentials_file", "BUS__CREDENTIALS_FILE"),
        ("fcm.service_account_file", "FCM__SERVICE_ACCOUNT_FILE"),
        ("apns.signing_key_file", "APNS__SIGNING_KEY_FILE"),
        ("http.tls.key_file", "HTTP__TLS__KEY_FILE"),
    ] {
        assert_refused(setting, &[setting, "its mode is 0644", "chmod 600"], |it| {
            // A file of its own, so that no other setting is to blame.
            let path = match named_by {
                "CODES__KEYS_FILE" => it.folder.path().join("code-keys"),
                "BUS__URL_FILE" => it.file("secret", "tls://gateway:hush@localhost"),
                _ => it.file("secret", "host=localhost user=hush"),
            };
            if named_by == "SMTP__PASSWORD_FILE" {
                it.set("SMTP__USERNAME", "gateway");
            }
            it.set("HTTP__TLS__CERTIFICATE_FILE", "/nowhere/tls.crt");
            it.set("HTTP__TLS__KEY_FILE", "/nowhere/tls.key");
            it.set(named_by, path.to_str().expect("UTF-8"));
            open_to_all(&path);
        });
    }
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o644)).expect("changed");
}
