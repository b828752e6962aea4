//! `twostep doctor` finds what is wrong and says how to mend it.

use std::net::{Ipv4Addr, SocketAddr};

use twostep_simulators::{ApnsSimulator, FcmSimulator, providers};

use super::{run, text};
use crate::support::database::TestDatabase;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Runs the doctor beside simulated providers, with `change` on top of settings that are all right.
async fn examine(change: &[(&str, &str)]) -> (bool, String) {
    let database = TestDatabase::new().await;
    let (fcm, apns) =
        (FcmSimulator::start(ANY_PORT).await.expect("fcm"), ApnsSimulator::start(ANY_PORT).await.expect("apns"));
    let mut lines = Vec::new();
    providers::write_environment(&mut lines, &fcm, &apns).expect("written");
    let lines = text(&lines);
    let mut environment: Vec<(String, String)> = lines
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    environment.push(("TWOSTEP__DATABASE__URL".to_owned(), database.url.clone()));
    environment.extend(change.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let output = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().expect("a folder");
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run(folder.path(), &["doctor"], &environment)
    });
    let output = output.await.expect("it ran");
    (output.status.success(), text(&output.stdout))
}

/// The line of a check, and whether the next one says how to mend it.
#[track_caller]
fn complaint(report: &str, check: &str) -> String {
    let mut lines = report.lines().skip_while(|line| !line.starts_with(&format!("✘ {check}")));
    let what = lines.next().unwrap_or_else(|| panic!("no complaint about {check}:\n{report}"));
    let mend = lines.next().unwrap_or_default();
    assert!(mend.trim_start().starts_with('→'), "{check} does not say how to mend it:\n{report}");
    what.to_owned()
}

#[actix_web::test]
async fn all_is_well_when_everything_answers() {
    let (is_well, report) = examine(&[]).await;
    assert!(is_well, "{report}");
    for check in [
        "✔ configuration",
        "✔ database",
        "✔ clock",
        "✔ code keys",
        "– certificate",
        "✔ fcm",
        "✔ apns",
        "– mail",
        "– places",
    ] {
        assert!(report.contains(check), "{check} is missing:\n{report}");
    }
}

#[actix_web::test]
async fn each_thing_that_is_wrong_is_named_with_its_remedy() {
    let (is_well, report) = examine(&[
        ("TWOSTEP__APNS__KEY_ID", "WRONGKEY12"),
        ("TWOSTEP__FCM__BASE_URL", "http://127.0.0.1:1"),
        ("TWOSTEP__BUS__URL", "nats://127.0.0.1:1"),
        ("TWOSTEP__PLACES__FILES", "[\"/nowhere.mmdb\"]"),
        ("TWOSTEP__CODES__KEYS", "k1:short"),
        ("TWOSTEP__SMTP__HOST", "127.0.0.1"),
        ("TWOSTEP__SMTP__PORT", "1"),
        ("TWOSTEP__HTTP__TLS__CERTIFICATE_FILE", "/nowhere.pem"),
        ("TWOSTEP__HTTP__TLS__KEY_FILE", "/nowhere.pem"),
    ])
    .await;
    assert!(!is_well, "{report}");
    for check in ["apns", "bus", "certificate", "mail", "places", "code keys"] {
        complaint(&report, check);
    }
    assert!(report.contains("6 things to mend"), "{report}");
}

#[actix_web::test]
async fn a_database_that_is_away_is_a_failure() {
    let (is_well, report) = examine(&[("TWOSTEP__DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing")]).await;
    assert!(!is_well);
    complaint(&report, "database");
}

#[actix_web::test]
async fn an_access_token_is_really_fetched() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = FcmSimulator::start(ANY_PORT).await.expect("fcm");
    let mut account: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(other.service_account_file()).expect("readable")).expect("JSON");
    // A key that the token endpoint does not know: as if it had been revoked.
    account["private_key_id"] = serde_json::json!("revoked");
    let path = folder.path().join("account.json");
    std::fs::write(&path, account.to_string()).expect("written");
    let (is_well, report) = examine(&[("TWOSTEP__FCM__SERVICE_ACCOUNT_FILE", path.to_str().expect("UTF-8"))]).await;
    assert!(!is_well, "{report}");
    complaint(&report, "fcm");
}

/// It logs in as a node would, and tells the causes apart.
#[actix_web::test]
async fn the_bus_is_logged_in_to_and_its_causes_are_told_apart() {
    use twostep_simulators::NatsServer;
    let by_token = NatsServer::start_with(&["--auth", "s3same"]).await.expect("nats-server starts");
    let by_user = NatsServer::start_with(&["--user", "twostep", "--pass", "r@ght"]).await.expect("nats-server starts");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let limited = "authorization { users = [{ user: a, password: b, permissions: { publish: [\"other.>\"], subscribe: [\"other.>\"] } }] }";
    let limited = NatsServer::start_with(&["-c", &file("limited.conf", limited)]).await.expect("nats-server starts");
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (file("cert.pem", &pair.cert.pem()), file("key.pem", &pair.signing_key.serialize_pem()));
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let stranger = file("other.pem", &other.cert.pem());
    let secure = NatsServer::start_with(&["--tls", "--tlscert", &certificate, "--tlskey", &key])
        .await
        .expect("nats-server starts");
    let [token, user, limited, secure] = [&by_token, &by_user, &limited, &secure].map(|server| server.address().port());
    let url = |login: &str, port: u16| format!("nats://{login}localhost:{port}");
    for (url, authority, expected) in [
        (url("s3same@", token), None, None),
        (url("twostep:r%40ght@", user), None, None),
        (url("a:b@", limited), None, Some("it refuses what nodes do")),
        (url("wrong@", token), None, Some("it refuses the login")),
        (url("twostep:wrong@", user), None, Some("it refuses the login")),
        (url("", token), None, Some("it refuses the login")),
        (url("", secure), Some(&certificate), None),
        (url("", secure), Some(&stranger), Some("its certificate is not one to trust")),
        (url("", 1), None, Some("no NATS server answers")),
    ] {
        let mut change = vec![("TWOSTEP__BUS__URL", url.as_str())];
        change.extend(authority.map(|file| ("TWOSTEP__BUS__TLS__CA_FILE", file.as_str())));
        let (_, report) = examine(&change).await;
        match expected {
            None => assert!(report.contains("✔ bus"), "{url}: {report}"),
            Some(cause) => {
                let said = complaint(&report, "bus");
                assert!(said.contains(cause), "{url}: {said}");
                assert!(!report.contains("wrong") && !report.contains("s3same"), "{url}: {report}");
            }
        }
    }
}
