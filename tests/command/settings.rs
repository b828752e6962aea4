//! Settings that cannot be used stop the gateway with one readable line.

use super::{run, text};

/// Runs `twostep`, which must refuse; returns its one line.
#[track_caller]
fn refusal(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), arguments, environment);
    assert!(!output.status.success(), "it started");
    let said = text(&output.stderr);
    assert_eq!(said.trim_end().lines().count(), 1, "one readable line: {said}");
    said
}

#[test]
fn a_value_outside_its_range_is_named() {
    let said = refusal(&["check-config"], &[("TWOSTEP__CODES__DIGITS", "12")]);
    assert!(said.contains("codes.digits is 12, but must be 6 to 10"), "{said}");
}

#[test]
fn an_unknown_variable_is_named() {
    let said = refusal(&["serve"], &[("TWOSTEP__HTTP__PORT", "80")]);
    assert!(said.contains("port"), "{said}");
}

#[test]
fn a_missing_file_is_named() {
    let said = refusal(&["--config", "nowhere.toml", "serve"], &[]);
    assert!(said.contains("nowhere.toml"), "{said}");
    let said = refusal(&["serve"], &[("TWOSTEP__CODES__KEYS_FILE", "/nowhere/keys")]);
    assert!(said.contains("TWOSTEP__CODES__KEYS_FILE") && said.contains("/nowhere/keys"), "{said}");
}

#[test]
fn production_refuses_what_is_for_development() {
    let said = refusal(&["serve"], &[("TWOSTEP__MODE", "production")]);
    assert!(said.contains("mode is production, but"), "{said}");
}

#[test]
fn a_database_that_is_away_is_named_without_its_password() {
    let said = refusal(
        &["serve"],
        &[("TWOSTEP__DATABASE__URL", "postgres://anna:hush@127.0.0.1:1/nothing"), ("TWOSTEP__LOG__FILTER", "off")],
    );
    assert!(said.contains("TWOSTEP__DATABASE__URL") && !said.contains("hush"), "{said}");
}

#[test]
fn the_defaults_are_printed_with_their_documentation() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &["default-config"], &[]);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), twostep::settings::DEFAULTS);
}

/// What people and their tools put into environments: ids of digits alone, variables that nobody filled, lists with commas.
#[test]
fn variables_are_read_as_their_settings_need_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, value) in [
        ("APNS__KEY_ID", "1234567890"),
        ("APNS__TEAM_ID", "0123456789"),
        ("FCM__PROJECT_ID", "123456789012"),
        ("BUS__URL", ""),
        ("DATABASE__URL", ""),
        ("HTTP__WORKERS", ""),
        ("CODES__KEYS_FILE", ""),
        ("HTTP__ALLOWED_ORIGINS", "https://a.example,https://b.example"),
        ("HTTP__TRUSTED_PROXIES", "192.0.2.1/32, 2001:db8::/64"),
    ] {
        let output = run(folder.path(), &["check-config"], &[(&format!("TWOSTEP__{name}"), value)]);
        assert!(output.status.success(), "{name}={value}: {}", text(&output.stderr));
    }
    let said = refusal(&["check-config"], &[("TWOSTEP__HTTP__WORKERS", "many")]);
    assert!(said.contains("TWOSTEP__HTTP__WORKERS") && said.contains("many"), "{said}");
}
