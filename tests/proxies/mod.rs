//! Behind the proxies that people run, with the files that we ship and with what people paste instead, and with clients that
//! nobody here wrote: calls on connections that are kept, live states as they happen, live connections to their last frame.

mod clients;
mod fronts;

use twostep::settings::Settings;

use self::clients::{ALL, FEW, Kind, WITHOUT_WEBSOCKETS};
use self::fronts::{Front, Pair};
use crate::support::client::{Client, Install};
use crate::support::gateway::TestGateway;

fn behind_this_machine(settings: &mut Settings) {
    settings.http.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    settings.probe.address = Some("127.0.0.1:0".parse().expect("an address"));
}

/// Every client does everything at once, then their owners are signed out: each hears why.
async fn tour(gateway: &TestGateway, client: &Client, base: &str, authority: Option<&Pair>, clients: &[Kind]) {
    let operator = gateway.operator();
    let mut guests = Vec::new();
    for kind in clients {
        let email = format!("{}@example.com", kind.name());
        let device = client.new_protected_account(&email).await;
        let challenge = client.begin_sign_in(&email, &Install::new("New phone")).await;
        guests.push((*kind, email, kind.start(base, authority, &device, &challenge)));
    }
    for (kind, email, mut guest) in guests {
        guest.hear(kind.says_at_first()).await;
        let path = format!("/admin/accounts?email={email}");
        let account = operator.send(reqwest::Method::GET, &path, None, None).await.expect(200);
        let path = format!("/admin/accounts/{}/sign-out-everywhere", account["id"].as_str().expect("an id"));
        operator.send(reqwest::Method::POST, &path, None, None).await.expect(204);
        guest.hear(kind.says_at_last()).await;
        guest.end().await;
    }
}

async fn behind(front: impl AsyncFnOnce(&TestGateway, &Pair) -> Front, clients: &[Kind]) {
    let pair = Pair::new();
    let gateway = TestGateway::start_with(behind_this_machine).await;
    let front = front(&gateway, &pair).await;
    tour(&gateway, &gateway.client(), &front.base, front.is_secure().then_some(&pair), clients).await;
    drop(front);
    gateway.stop().await;
}

#[actix_web::test]
async fn without_a_proxy() {
    let gateway = TestGateway::start().await;
    tour(&gateway, &gateway.client(), &gateway.url(), None, ALL).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn over_tls_of_our_own() {
    let pair = Pair::new();
    let gateway = TestGateway::start_with(|settings| {
        settings.http.tls.certificate_file = Some(pair.certificate());
        settings.http.tls.key_file = Some(pair.key());
    })
    .await;
    let base = format!("https://localhost:{}", gateway.app.address().port());
    tour(&gateway, &Client::trusting(&base, &pair.pem()), &base, Some(&pair), ALL).await;
    gateway.stop().await;
}

#[actix_web::test]
async fn behind_nginx_as_we_ship_it() {
    behind(fronts::nginx_shipped, ALL).await;
}

#[actix_web::test]
async fn behind_haproxy_as_we_ship_it() {
    behind(fronts::haproxy_shipped, ALL).await;
}

#[actix_web::test]
async fn behind_caddy_as_we_ship_it() {
    behind(fronts::caddy_shipped, ALL).await;
}

/// Every request is said to be an upgrade, on connections that are kept.
#[actix_web::test]
async fn behind_nginx_that_offers_upgrades_with_every_request() {
    behind(async |gateway, _| fronts::nginx(gateway, fronts::UPGRADE_ALWAYS).await, FEW).await;
}

/// The client's own headers go on, HTTP/2 over clear text among them.
#[actix_web::test]
async fn behind_nginx_that_passes_on_what_the_client_offers() {
    behind(async |gateway, _| fronts::nginx(gateway, fronts::UPGRADE_OF_CLIENT).await, FEW).await;
}

#[actix_web::test]
async fn behind_nginx_that_closes_connections_without_an_upgrade() {
    behind(async |gateway, _| fronts::nginx(gateway, fronts::UPGRADE_OR_CLOSE).await, FEW).await;
}

/// HTTP/1.0 towards the gateway, and answers are buffered unless they say otherwise. No WebSocket comes through.
#[actix_web::test]
async fn behind_nginx_that_is_told_nothing() {
    behind(async |gateway, _| fronts::nginx(gateway, fronts::BARE).await, WITHOUT_WEBSOCKETS).await;
}

#[actix_web::test]
async fn behind_haproxy_that_is_told_nothing() {
    behind(async |gateway, _| fronts::haproxy_bare(gateway).await, FEW).await;
}

#[actix_web::test]
async fn behind_caddy_that_is_told_nothing() {
    behind(async |gateway, _| fronts::caddy_bare(gateway).await, FEW).await;
}
