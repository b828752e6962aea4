//! Who may speak on the bus, and how little that is worth.

use serde_json::json;
use twostep_simulators::NatsServer;
use uuid::Uuid;

use super::stage::{Cluster, EMAIL};
use crate::support::client::Install;

/// Somebody who can publish on the same NATS and knows every id.
#[actix_web::test]
async fn forged_closings_removals_and_alerts_change_nothing() {
    let cluster = Cluster::start(2).await;
    let mut devices = cluster.devices().await;
    let install = Install::new("New");
    let challenge = cluster.client(0).begin_sign_in(EMAIL, &install).await;
    let code = devices[0].1.code_of(&challenge.id).await;
    devices[1].1.code_of(&challenge.id).await;

    let database = cluster.database.connect().await;
    let forger = async_nats::connect(cluster.nats.url()).await.expect("NATS lets everybody in");
    let sessions = database.query("SELECT account_id, session_id, device_id FROM sessions", &[]).await.expect("rows");
    for row in &sessions {
        let (account, session, device): (Uuid, Uuid, Uuid) = (row.get(0), row.get(1), row.get(2));
        for event in [
            json!({ "event": "session_ended", "session_id": session }),
            json!({ "event": "device_removed", "device_id": device }),
            json!({ "event": "challenge_closed", "challenge_id": challenge.id, "outcome": "verified" }),
            json!({ "event": "code_issued", "challenge_id": challenge.id }),
            json!({ "event": "receipt_came", "challenge_id": challenge.id, "generation": 1, "device_id": device, "shown": true }),
            json!({ "event": "security_alert", "kind": "device_removed" }),
            json!({ "event": "code_sent", "challenge_id": challenge.id, "generation": 1, "device_id": device }),
            // From the year 10,889: nothing connects later.
            json!({ "event": "device_connected", "device_id": device, "connection_id": "ffffffff-ffff-7fff-bfff-ffffffffffff" }),
        ] {
            let mut message = json!({ "v": 1, "node": Uuid::now_v7(), "account": account });
            message.as_object_mut().expect("an object").extend(event.as_object().expect("an object").clone());
            forger.publish("twostep.v1.facts", message.to_string().into()).await.expect("published");
        }
    }
    forger.flush().await.expect("flushed");

    // The next that any screen hears is the truth.
    let newer = cluster.client(1).begin_sign_in(EMAIL, &Install::new("Newer")).await;
    for (_, screen) in &mut devices {
        let message = screen.next_but_alerts().await;
        assert_eq!((&message["type"], &message["challenge_id"]), (&json!("code"), &json!(newer.id)), "{message}");
    }
    cluster.client(1).sign_in_with_code(&challenge, &code, &install, false).await;
    for (_, screen) in &mut devices {
        let message = screen.next_but_alerts().await;
        let told = (&message["type"], &message["challenge_id"], &message["outcome"]);
        assert_eq!(told, (&json!("challenge_closed"), &json!(challenge.id), &json!("verified")), "{message}");
    }
    cluster.stop().await;
}

#[actix_web::test]
async fn a_node_joins_with_the_right_password_only_and_says_why_not() {
    let nats = NatsServer::start_with(&["--user", "twostep", "--pass", "r@ght:"]).await.expect("nats-server starts");
    let address = nats.address();
    let mut cluster = Cluster::without_nodes(nats).await;
    cluster.add(&format!("nats://twostep:r%40ght%3A@{address}"), |_| {}).await;
    cluster.add(&format!("nats://twostep:wrong@{address}"), |_| {}).await;
    cluster.await_status_of(0, "ready").await;
    let answer = cluster.await_status_of(1, "degraded").await.to_string();
    assert!(!answer.contains("wrong") && !answer.contains(&address.to_string()), "{answer}");
    cluster.stop().await;
}

/// An nkey of a user, that exists in these tests only, and what the server knows it by.
const SEED: &str = "SUANQDPB2RUOE4ETUA26CNX7FUKE5ZZKFCQIIW63OX225F2CO7UEXTM7ZY";
const PUBLIC_KEY: &str = "UAMMBNV2EYR65NYZZ7IAK5SIR5ODNTTERJOBOF4KJLMWI45YOXOSWULM";
/// Of somebody whom the server does not know.
const STRANGER: &str = "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y";

#[actix_web::test]
async fn a_node_joins_over_tls_with_its_nkey_and_says_why_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let authority = file("cert.pem", &pair.cert.pem());
    let key = file("key.pem", &pair.signing_key.serialize_pem());
    let facts = r#"["twostep.v1.facts"]"#;
    let settings = format!(
        "tls {{ cert_file: {authority:?}, key_file: {key:?} }}
         authorization {{ users = [{{ nkey: {PUBLIC_KEY}, permissions: {{ publish: {facts}, subscribe: {facts} }} }}] }}"
    );
    let settings = file("nats.conf", &settings);
    let nats = NatsServer::start_with(&["-c", settings.to_str().expect("text")]).await.expect("nats-server starts");
    let url = format!("tls://localhost:{}", nats.address().port());
    let mut cluster = Cluster::without_nodes(nats).await;
    let (own, strangers) = (file("own.nk", SEED), file("stranger.nk", STRANGER));
    for (seed, authority) in
        [(&own, Some(&authority)), (&own, Some(&authority)), (&strangers, Some(&authority)), (&own, None)]
    {
        let secure = |settings: &mut twostep::settings::Settings| {
            settings.bus.credentials_file = Some(seed.clone());
            settings.bus.tls.ca_file = authority.cloned();
        };
        cluster.add(&url, secure).await;
    }
    for (node, status) in ["ready", "ready", "degraded", "degraded"].into_iter().enumerate() {
        let answer = cluster.await_status_of(node, status).await.to_string();
        assert!(!answer.contains(SEED) && !answer.contains(STRANGER), "{answer}");
    }
    cluster.stop().await;
}

#[actix_web::test]
async fn a_node_shows_its_certificate_to_servers_that_ask_for_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = file("cert.pem", &pair.cert.pem());
    let key = file("key.pem", &pair.signing_key.serialize_pem());
    let settings =
        format!("tls {{ cert_file: {certificate:?}, key_file: {key:?}, ca_file: {certificate:?}, verify: true }}");
    let settings = file("nats.conf", &settings);
    let nats = NatsServer::start_with(&["-c", settings.to_str().expect("text")]).await.expect("nats-server starts");
    let url = format!("tls://localhost:{}", nats.address().port());
    let mut cluster = Cluster::without_nodes(nats).await;
    for shows in [true, false] {
        let secure = |settings: &mut twostep::settings::Settings| {
            settings.bus.tls.ca_file = Some(certificate.clone());
            settings.bus.tls.certificate_file = shows.then(|| certificate.clone());
            settings.bus.tls.key_file = shows.then(|| key.clone());
        };
        cluster.add(&url, secure).await;
    }
    cluster.await_status_of(0, "ready").await;
    cluster.await_status_of(1, "degraded").await;
    cluster.stop().await;
}
