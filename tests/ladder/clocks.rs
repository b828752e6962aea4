//! A node whose clock goes wrong: what is left of codes, pushes and connections is reckoned by the database's.

use super::stage::{EMAIL, Providers};
use crate::support::client::{Client, Install};
use crate::support::database::TestDatabase;

/// The library that sets a process's clock wrong, and leaves its sense of how long things take.
fn faketime() -> String {
    let folders = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .map(|machine| format!("/usr/lib/{machine}/faketime/libfaketimeMT.so.1"));
    let found = folders.into_iter().find(|path| std::path::Path::new(path).exists());
    found.expect("scripts/install-test-tools installs faketime")
}

#[actix_web::test]
async fn a_node_with_a_wrong_clock_pushes_and_keeps_its_connections() {
    let library = faketime();
    for wrong in ["+20m", "+6m", "-20m"] {
        let (providers, database) = (Providers::start().await, TestDatabase::new().await);
        let key = twostep::settings::random_line("k1");
        let settings = [
            ("TWOSTEP__CODES__KEYS", key.as_str()),
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME", wrong),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
        let node = providers.start_node(&database, &settings).await;
        let client = Client::new(&node.url);
        let owner = client.new_protected_account(EMAIL).await;
        let mut screen = client.connect(&owner).await;
        let asleep = client.trust_another(EMAIL, &mut screen, "Asleep").await;
        screen.sign_in_over().await;
        let address =
            serde_json::json!({ "push": { "provider": "fcm", "token": "asleep" }, "notifications_allowed": true });
        client.patch("/v1/devices/current", &asleep.access_token, address).await.expect(200);
        let challenge = client.begin_sign_in(EMAIL, &Install::new("New")).await;
        let code = screen.code_of(&challenge.id).await;
        let pushed = providers.wait_for_fcm(&challenge, "code", 1).await;
        assert_eq!(pushed[0].data("code"), Some(code.as_str()), "{wrong}");
        // An access token is good for minutes yet: the connection stays.
        screen.expect_nothing().await;
        let ahead = node.metric("twostep_database_clock_ahead_seconds", "").await;
        assert!((ahead.abs() > 300.0) && (ahead < 0.0) == wrong.starts_with('+'), "{wrong}: {ahead}");
    }
}
