//! TLS towards the database: who vouches for whom.

use twostep::app::App;

use super::pair::{CERTIFIED_ROLE, Pair};
use crate::support::gateway::TestGateway;

/// Starts and stops; or why it does not start.
async fn start(url: &str, ca_file: Option<std::path::PathBuf>) -> Result<(), String> {
    let app = App::start(&TestGateway::settings(url, |settings| settings.database.ca_file = ca_file)).await;
    match app {
        Ok(app) => {
            app.stop().await;
            Ok(())
        }
        Err(error) => {
            let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
            Err(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
        }
    }
}

#[actix_web::test]
async fn the_database_is_believed_by_its_certificate_and_name_and_the_gateway_by_its_own() {
    let pair = Pair::start().await;
    let (port, authority) = (pair.primary.port, pair.file("authority.pem"));
    let url = |user: &str, host: &str, rest: &str| format!("postgres://{user}@{host}:{port}/postgres?{rest}");
    let root = format!("&sslrootcert={}", authority.display());
    for mode in ["require", "verify-ca", "verify-full"] {
        start(&url("twostep", "localhost", &format!("sslmode={mode}{root}")), None).await.expect(mode);
    }
    start(&url("twostep", "localhost", "sslmode=verify-full"), Some(authority.clone())).await.expect("by the setting");

    let unknown = start(&url("twostep", "localhost", "sslmode=verify-full"), None).await.expect_err("nobody vouches");
    assert!(unknown.contains("UnknownIssuer") || unknown.contains("certificate"), "{unknown}");
    let other_name = start(&url("twostep", "127.0.0.1", &format!("sslmode=verify-full{root}")), None).await;
    let other_name = other_name.expect_err("the certificate is for localhost");
    assert!(other_name.contains("not valid for name") || other_name.contains("NotValidForName"), "{other_name}");
    let plain = start(&url("twostep", "localhost", "sslmode=disable"), None).await.expect_err("TLS only");
    assert!(plain.contains("no encryption"), "{plain}");

    let own = |name: &str| pair.file(name).display().to_string();
    let certified = format!("sslmode=verify-full{root}&sslcert={}&sslkey={}", own("client.pem"), own("client.key"));
    start(&url(CERTIFIED_ROLE, "localhost", &certified), None).await.expect("it shows its certificate");
    let without = start(&url(CERTIFIED_ROLE, "localhost", &format!("sslmode=verify-full{root}")), None).await;
    let without = without.expect_err("it shows none");
    assert!(without.contains("certificate"), "{without}");
}
