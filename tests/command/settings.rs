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
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &["serve"], &[("TWOSTEP__MODE", "production")]);
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.lines().count() == 4, "{said}");
    assert!(said.lines().all(|line| line.starts_with("twostep: mode is production, but")), "{said}");
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

/// Ten mistakes are ten lines, each with what to do; `serve` says the same, but for what would not keep it from starting.
#[test]
fn all_mistakes_are_said_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let ended = rcgen::generate_simple_self_signed(vec!["login.example.com".to_owned()]).expect("a certificate");
    let mut parameters = rcgen::CertificateParams::new(vec!["login.example.com".to_owned()]).expect("parameters");
    parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = parameters.self_signed(&ended.signing_key).expect("signed");
    std::fs::write(path("tls.crt"), certificate.pem()).expect("written");
    std::fs::write(path("tls.key"), ended.signing_key.serialize_pem()).expect("written");
    std::fs::write(path("apns.p8"), "garbage").expect("written");
    let file = format!(
        "[http]\nadress = \"0.0.0.0:8080\"\naddress = \"127.0.0.1:9090\"\nworkers = \"many\"\nallowed_origins = [\"*\"]\n\
         [http.tls]\ncertificate_file = \"{}\"\nkey_file = \"{}\"\n\
         [operator]\naddress = \"127.0.0.1:9090\"\n\
         [codes]\ndigits = 12\n\
         [fcm]\nservice_account_file = \"{}\"\n\
         [apns]\nsigning_key_file = \"{}\"\nkey_id = \"ABCDE12345\"\nteam_id = \"ABCDE12345\"\ntopic = \"com.example\"\n\
         [log]\nfilter = \"info,twostep=loud\"\n",
        path("tls.crt"),
        path("tls.key"),
        path("nowhere.json"),
        path("apns.p8"),
    );
    std::fs::write(path("twostep.toml"), file).expect("written");
    let environment = [("TWOSTEP__DATABASE__URL", "hello")];
    let arguments = ["--config", "twostep.toml"];
    let expected = [
        "twostep.toml:2: there is no setting http.adress: did you mean http.address?",
        "twostep.toml:4: http.workers is",
        "http.allowed_origins is \"*\" in its list, but must be the origin of each page",
        "codes.digits is 12, but must be 6 to 10",
        "operator.address is 127.0.0.1:9090, where http.address is already",
        "log.filter is \"info,twostep=loud\", but must be a level",
        "database.url is no PostgreSQL URL",
        "fcm.service_account_file",
        "apns.signing_key_file",
    ];
    for (command, ended) in [("check-config", Some("http.tls.certificate_file ended at 2020-01-01")), ("serve", None)] {
        let output = run(folder.path(), &[&arguments[..], &[command]].concat(), &environment);
        assert!(!output.status.success(), "{command}");
        let said = text(&output.stderr);
        let lines: Vec<&str> = said.trim_end().lines().collect();
        for expected in expected.into_iter().chain(ended) {
            assert_eq!(lines.iter().filter(|line| line.contains(expected)).count(), 1, "{command}: {expected}\n{said}");
        }
        assert_eq!(lines.len(), expected.len() + usize::from(ended.is_some()), "{command}:\n{said}");
        if command == "check-config" {
            println!("{said}");
        }
    }
}
