//! Nodes that are joined over NATS, and devices of one account spread over them.

use std::time::Instant;

use serde_json::Value;
use twostep::settings::Settings;
use twostep_simulators::NatsServer;

use crate::support::client::{Client, DEADLINE, SignedIn};
use crate::support::database::TestDatabase;
use crate::support::gateway::TestGateway;
use crate::support::socket::Socket;

pub const EMAIL: &str = "anna@example.com";

pub struct Cluster {
    pub nats: NatsServer,
    pub database: TestDatabase,
    pub nodes: Vec<TestGateway>,
}

impl Cluster {
    /// A database that nobody uses yet.
    pub async fn without_nodes(nats: NatsServer) -> Self {
        Self { nats, database: TestDatabase::new().await, nodes: Vec::new() }
    }

    /// Starts nodes and waits until each hears the others.
    pub async fn start(nodes: usize) -> Self {
        let mut cluster = Self::without_nodes(NatsServer::start().await.expect("nats-server starts")).await;
        for _ in 0..nodes {
            let url = cluster.nats.url();
            cluster.add(&url, |_| {}).await;
        }
        cluster.await_status("ready").await;
        cluster
    }

    /// Adds a node that reaches NATS at `url`.
    pub async fn add(&mut self, url: &str, change: impl FnOnce(&mut Settings)) {
        let join = |settings: &mut Settings| {
            settings.bus.url = Some(url.into());
            // On a busy machine an answer may be late; no test here waits for a push.
            settings.bus.presence_wait_ms = 2000;
            settings.codes.keys = Some("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".into());
            change(settings);
        };
        self.nodes.push(TestGateway::on(self.database.clone(), join).await);
    }

    pub fn client(&self, node: usize) -> Client {
        self.nodes[node].client()
    }

    /// Waits until every node says this of itself.
    pub async fn await_status(&self, status: &str) {
        for node in 0..self.nodes.len() {
            self.await_status_of(node, status).await;
        }
    }

    pub async fn await_status_of(&self, node: usize, status: &str) -> Value {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let answer = self.readiness(node).await;
            if answer["status"] == status {
                return answer;
            }
            assert!(Instant::now() < deadline, "node {node}: not {status} but {answer}");
        }
    }

    pub async fn readiness(&self, node: usize) -> Value {
        let operator = self.nodes[node].operator();
        operator.send(reqwest::Method::GET, "/readyz", None, None).await.body
    }

    /// A trusted device of one account on each node, all connected.
    pub async fn devices(&self) -> Vec<(SignedIn, Socket)> {
        let first = self.client(0).new_protected_account(EMAIL).await;
        let screen = self.client(0).connect(&first).await;
        let mut devices = vec![(first, screen)];
        for node in 1..self.nodes.len() {
            let client = self.client(node);
            let another = client.trust_another(EMAIL, &mut devices[0].1, &format!("Device {node}")).await;
            for (_, screen) in &mut devices {
                screen.sign_in_over().await;
            }
            let screen = client.connect(&another).await;
            devices.push((another, screen));
        }
        devices
    }

    pub async fn stop(self) {
        for node in self.nodes {
            node.stop().await;
        }
    }
}
