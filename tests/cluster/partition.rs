//! A node that is cut off for a while from NATS, from PostgreSQL, or from both: no byte passes and no connection ends.

use std::time::{Duration, Instant};

use twostep::settings::Settings;
use twostep_simulators::NatsServer;

use super::stage::{Cluster, EMAIL};
use crate::support::chaos_proxy::ChaosProxy;
use crate::support::client::{Challenge, Install, PASSWORD, SignedIn};
use crate::support::socket::Socket;

/// TWOSTEP_TEST_PARTITION_SECONDS=30 lets it be as long as a bad day.
fn cut_off_for() -> Duration {
    let seconds = std::env::var("TWOSTEP_TEST_PARTITION_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

/// Nobody reads the screens, and so answers pings, while a node is cut off.
fn be_patient(settings: &mut Settings) {
    settings.connections.heartbeat_seconds = 120;
}

/// Two nodes, one device on each. Node 1 can be cut off.
struct Scene {
    cluster: Cluster,
    nats: ChaosProxy,
    database: ChaosProxy,
    devices: Vec<(SignedIn, Socket)>,
}

impl Scene {
    async fn start() -> Self {
        let mut cluster = Cluster::without_nodes(NatsServer::start().await.expect("nats-server starts")).await;
        let url = cluster.nats.url();
        cluster.add(&url, be_patient).await;
        let nats = ChaosProxy::before_nats(cluster.nats.address()).await;
        let database = ChaosProxy::start(&cluster.database.url).await;
        let through = database.url().to_owned();
        let shorten = |settings: &mut Settings| {
            be_patient(settings);
            settings.database.url = Some(through.into());
            // So that several requests fit into the time that it is cut off.
            settings.database.deadline_ms = 1000;
            settings.database.wait_ms = 500;
        };
        cluster.add(nats.url(), shorten).await;
        cluster.await_status("ready").await;
        let devices = cluster.devices().await;
        Self { cluster, nats, database, devices }
    }

    /// A sign-in on a node is shown by every device, each once, and goes through there.
    async fn expect_all_is_well(&mut self) {
        for node in [0, 1] {
            let install = Install::new("Well");
            let challenge = self.cluster.client(node).begin_sign_in(EMAIL, &install).await;
            self.expect_shown_once(&challenge).await;
        }
    }

    /// Every device shows the code, and before anything else is told that it is over.
    async fn expect_shown_once(&mut self, challenge: &Challenge) {
        let code = self.devices[0].1.code_of(&challenge.id).await;
        assert_eq!(self.devices[1].1.code_of(&challenge.id).await, code);
        self.cluster.client(0).sign_in_with_code(challenge, &code, &Install::new("Well"), false).await;
        for (_, screen) in &mut self.devices {
            // A second code would come first.
            let next = screen.next_but_alerts().await;
            assert_eq!((&next["type"], &next["outcome"]), (&"challenge_closed".into(), &"verified".into()), "{next}");
        }
    }

    /// A sign-in on the node that is not cut off, begun meanwhile.
    async fn begin_meanwhile(&mut self) -> Challenge {
        let challenge = self.cluster.client(0).begin_sign_in(EMAIL, &Install::new("Meanwhile")).await;
        self.devices[0].1.code_of(&challenge.id).await;
        challenge
    }

    async fn expect_unavailable(&self) {
        let begun = Instant::now();
        while begun.elapsed() < cut_off_for() {
            let answer = self.cluster.client(1).sign_in(EMAIL, PASSWORD, &Install::new("Second"), None).await;
            assert!(answer.headers.contains_key("retry-after"), "{}", answer.body);
            answer.expect_problem(503, "service_unavailable");
        }
        self.cluster.await_status_of(1, "unavailable").await;
    }
}

#[actix_web::test]
async fn cut_off_from_nats_a_node_says_so_and_its_devices_get_every_code() {
    let mut scene = Scene::start().await;
    scene.nats.stall();
    let begun = Instant::now();
    scene.cluster.await_status_of(1, "degraded").await;
    while begun.elapsed() < cut_off_for() {
        scene.expect_all_is_well().await;
    }
    scene.nats.pass();
    scene.cluster.await_status_of(1, "ready").await;
    scene.expect_all_is_well().await;
    scene.cluster.stop().await;
}

#[actix_web::test]
async fn cut_off_from_postgres_a_node_refuses_and_its_devices_get_the_open_codes_afterwards() {
    let mut scene = Scene::start().await;
    scene.database.stall();
    let challenge = scene.begin_meanwhile().await;
    scene.expect_unavailable().await;
    scene.database.pass();
    scene.cluster.await_status_of(1, "ready").await;
    let code = scene.devices[1].1.code_of(&challenge.id).await;
    scene.cluster.client(1).sign_in_with_code(&challenge, &code, &Install::new("Meanwhile"), false).await;
    for (_, screen) in &mut scene.devices {
        assert_eq!(screen.next_but_alerts().await["outcome"], "verified");
    }
    scene.expect_all_is_well().await;
    scene.cluster.stop().await;
}

#[actix_web::test]
async fn cut_off_from_both_a_node_comes_back_with_nothing_lost() {
    let mut scene = Scene::start().await;
    scene.nats.stall();
    scene.database.stall();
    let challenge = scene.begin_meanwhile().await;
    scene.expect_unavailable().await;
    scene.nats.pass();
    scene.database.pass();
    scene.cluster.await_status_of(1, "ready").await;
    scene.devices[1].1.code_of(&challenge.id).await;
    let install = Install::new("Meanwhile");
    let challenge = scene.cluster.client(1).begin_sign_in(EMAIL, &install).await;
    scene.devices[0].1.code_of(&challenge.id).await;
    scene.devices[1].1.code_of(&challenge.id).await;
    scene.cluster.stop().await;
}
