//! Places from a MaxMind DB file: in the login activity, beside codes and in mail.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use twostep::geoip::Places;

use super::ANNA;
use crate::support::client::{Client, Install, PASSWORD};
use crate::support::gateway::TestGateway;
use crate::support::python::test_python;

/// Writes a file of networks and their records.
fn write(path: &Path, networks: &Value) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/write_places.py");
    let mut command = Command::new(test_python());
    let mut child = command.arg(script).arg(path).stdin(Stdio::piped()).spawn().expect("python runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(networks.to_string().as_bytes()).expect("written");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

/// MaxMind's layout for one address, DB-IP's for another.
fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("places.mmdb");
    let nested = json!({
        "city": { "names": { "en": "Budapest" } }, "subdivisions": [{ "names": { "en": "Pest" } }],
        "country": { "iso_code": "HU", "names": { "en": "Hungary" } },
    });
    let flat = json!({ "city": "Graz", "state1": "Styria", "country_code": "AT" });
    write(&path, &json!({ "127.0.0.2/32": nested, "127.0.0.3/32": flat }));
    (folder, path)
}

#[actix_web::test]
async fn the_place_of_an_address_is_shown_wherever_the_address_is() {
    let (_folder, path) = file();
    let gateway = TestGateway::start_with(|settings| settings.places.files = vec![path]).await;
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let place_of = async |address: &str| {
        let stranger = Client::from_address(&gateway.url(), address);
        stranger.begin_sign_in(ANNA, &Install::new(address)).await;
        client.activity(&first).await[0]["location"].clone()
    };
    assert_eq!(place_of("127.0.0.2").await, "Budapest, Pest, HU");
    assert_eq!(screen.next_of("code").await["requester"]["location"], "Budapest, Pest, HU");
    assert_eq!(place_of("127.0.0.3").await, "Graz, Styria, AT");
    assert!(place_of("127.0.0.4").await.is_null());

    let near = Client::from_address(&gateway.url(), "127.0.0.2");
    near.sign_in(ANNA, PASSWORD, &first.install, first.trust_token.as_deref()).await.expect(200);
    let devices = client.get("/v1/trusted-devices", &first.access_token).await.expect(200);
    assert_eq!(devices["devices"][0]["location"], "Budapest, Pest, HU");

    gateway.database.execute("UPDATE notices SET due_at = now() WHERE due_at IS NOT NULL").await;
    let mail = client.await_mail(ANNA, "Did you start signing in?", 1).await;
    assert!(mail.contains("IP address: 127.0.0.2") && mail.contains("Place: Budapest, Pest, HU"), "{mail}");
    let page = client.get("/v1/login-activity", &first.access_token).await.expect(200);
    let note = page["location_note"].as_str().expect("a text");
    assert!(["approximate", "carrier", "VPN"].iter().all(|word| note.contains(word)), "{note}");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_missing_file_is_no_error() {
    let missing = PathBuf::from("/nowhere/places.mmdb");
    let gateway = TestGateway::start_with(|settings| settings.places.files = vec![missing]).await;
    let client = gateway.client();
    let first = client.new_account(ANNA).await;
    assert!(client.activity(&first).await[0]["location"].is_null());
    gateway.stop().await;
}

#[test]
fn a_file_that_was_replaced_is_read_again() {
    let (_folder, path) = file();
    let places = Places::open(vec![path.clone()]);
    let address = "127.0.0.2".parse().expect("an address");
    assert_eq!(places.lookup(address).as_deref(), Some("Budapest, Pest, HU"));
    write(&path, &json!({ "127.0.0.0/8": { "country_code": "DE" } }));
    let file = std::fs::File::options().write(true).open(&path).expect("it is there");
    let later = file.metadata().and_then(|found| found.modified()).expect("a time") + Duration::from_secs(5);
    file.set_modified(later).expect("its time is set");
    places.reload();
    assert_eq!(places.lookup(address).as_deref(), Some("DE"));
}
