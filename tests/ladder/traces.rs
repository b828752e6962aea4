//! One trace for a sign-in, whatever node did something about it: real NATS, real pushes, and a collector that decodes what came.

use std::collections::HashMap;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::common::v1::{AnyValue as Any, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use reqwest::Method;
use serde_json::json;
use twostep_simulators::NatsServer;

use super::stage::{EMAIL, Providers};
use crate::support::child::ChildGateway;
use crate::support::client::{Call, Challenge, Client, DEADLINE, Install, PASSWORD};
use crate::support::database::TestDatabase;
use crate::support::gateway::operator_token_file;
use crate::support::http_receiver::HttpReceiver;
use crate::support::process::{GatewayProcess, data_folder};

/// The caller's place in its trace: the example of W3C Trace Context.
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const CALLERS_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLERS_STEP: &str = "00f067aa0ba902b7";

/// A recorded step, and the node that took it.
struct Step {
    node: String,
    span: Span,
}

impl Step {
    fn trace(&self) -> String {
        hex(&self.span.trace_id)
    }

    fn parent(&self) -> String {
        hex(&self.span.parent_span_id)
    }

    fn note(&self, key: &str) -> Option<String> {
        self.span.attributes.iter().find(|noted| noted.key == key).map(text)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(noted: &KeyValue) -> String {
    match noted.value.as_ref() {
        Some(Any { value: Some(AnyValue::StringValue(text)) }) => text.clone(),
        other => format!("{other:?}"),
    }
}

/// A collector, and what came to it so far.
struct Collector {
    receiver: HttpReceiver,
    came: Vec<u8>,
    steps: Vec<Step>,
}

impl Collector {
    async fn start() -> Self {
        Self { receiver: HttpReceiver::start().await, came: Vec::new(), steps: Vec::new() }
    }

    /// The first step that `is_it`, once it came.
    async fn step(&mut self, what: &str, is_it: impl Fn(&Step) -> bool) -> &Step {
        let found = loop {
            if let Some(found) = self.steps.iter().position(&is_it) {
                break found;
            }
            let Some(message) = self.receiver.next_if_any().await else { panic!("no {what} among {}", self.summary()) };
            assert_eq!(message.header("content-type"), "application/x-protobuf");
            assert_eq!(message.header("authorization"), "Bearer of-the-collector");
            self.take(&message.body);
        };
        &self.steps[found]
    }

    fn summary(&self) -> String {
        self.steps.iter().map(|step| format!("\n{} {} in {}", step.node, step.span.name, step.trace())).collect()
    }

    fn take(&mut self, body: &[u8]) {
        self.came.extend_from_slice(body);
        for resource in ExportTraceServiceRequest::decode(body).expect("OTLP").resource_spans {
            let about = resource.resource.expect("it says of whom").attributes;
            let node = about.iter().find(|noted| noted.key == "service.instance.id").map(text).expect("a node");
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.steps.extend(spans.map(|span| Step { node: node.clone(), span }));
        }
    }

    fn expect_nowhere(&self, secrets: &HashMap<&str, String>) {
        for (what, secret) in secrets {
            let is_there = self.came.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_there, "{what} is in the traces");
        }
    }
}

/// Begins a sign-in in the caller's trace.
async fn begin_sign_in(client: &Client) -> Challenge {
    let call = Call { method: Method::POST, path: "/v1/sign-in", token: None };
    let body = json!({ "email": EMAIL, "password": PASSWORD, "device": Install::new("New").json() });
    Challenge::new(&client.send_with(&call, &[("traceparent", CALLER)], Some(body)).await.expect(202))
}

#[actix_web::test]
async fn a_sign_in_is_one_trace_over_all_nodes() {
    let (providers, database, nats) =
        (Providers::start().await, TestDatabase::new().await, NatsServer::start().await.expect("nats-server starts"));
    let (mut collector, nats_url) = (Collector::start().await, nats.url());
    let settings = [
        ("TWOSTEP__BUS__URL", nats_url.as_str()),
        ("TWOSTEP__BUS__PRESENCE_WAIT_MS", "500"),
        ("TWOSTEP__CODES__KEYS", "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ("TWOSTEP__TRACES__ENDPOINT", collector.receiver.url.as_str()),
        ("TWOSTEP__TRACES__AUTHORIZATION", "Bearer of-the-collector"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    let believing = [&settings[..], &[("TWOSTEP__TRACES__CALLERS", r#"["127.0.0.0/8"]"#)]].concat();
    let (near, far) =
        (providers.start_node(&database, &believing).await, providers.start_node(&database, &settings).await);
    await_joined(&[&near, &far]).await;

    let (client, there) = (Client::new(&near.url), Client::new(&far.url));
    let owner = client.new_protected_account(EMAIL).await;
    let mut screen = client.connect(&owner).await;
    let far_device = there.trust_another(EMAIL, &mut screen, "Far").await;
    let mut far_screen = there.connect(&far_device).await;
    let asleep = there.trust_another(EMAIL, &mut screen, "Asleep").await;
    let body = json!({ "push": { "provider": "fcm", "token": "asleep" }, "notifications_allowed": true });
    client.send(Method::PATCH, "/v1/devices/current", Some(&asleep.access_token), Some(body)).await.expect(200);

    let challenge = begin_sign_in(&client).await;
    let code = screen.code_of(&challenge.id).await;
    assert_eq!(far_screen.code_of(&challenge.id).await, code);
    providers.wait_for_fcm(&challenge, "code", 1).await;

    let in_trace = |name: &'static str| move |step: &Step| step.span.name == name && step.trace() == CALLERS_TRACE;
    let request = collector.step("request", in_trace("POST /v1/sign-in")).await;
    assert_eq!(request.parent(), CALLERS_STEP);
    assert_eq!(request.note("http.route").as_deref(), Some("/v1/sign-in"));
    let (near_node, request) = (request.node.clone(), hex(&request.span.span_id));
    for name in ["deliver a code", "push a code", "await a receipt"] {
        let step = collector.step(name, in_trace(name)).await;
        assert_eq!((&step.node, step.parent()), (&near_node, request.clone()), "{name}");
    }
    let push = collector.step("fcm", in_trace("fcm")).await;
    assert_eq!(push.note("outcome").as_deref(), Some("accepted"));
    let shown = collector.step("show", in_trace("show a code of another node")).await;
    assert_ne!(shown.node, near_node);
    assert_eq!((shown.parent(), shown.note("challenge.id")), (request, Some(challenge.id.clone())));

    // The other node was not told to believe its callers: a trace of its own.
    begin_sign_in(&there).await;
    let not_theirs = |step: &Step| step.span.name == "POST /v1/sign-in" && step.node != near_node;
    let begun = collector.step("a request there", not_theirs).await;
    assert_ne!((begun.trace().as_str(), begun.parent().as_str()), (CALLERS_TRACE, CALLERS_STEP));

    // An app's server goes on with its trace.
    vouch(&near).await;
    let vouched = collector.step("an app's call", in_trace("POST /v1/subjects/{subject}/devices")).await;
    let vouched = hex(&vouched.span.span_id);
    collector.step("its use of the database", |step| step.span.name == "postgresql" && step.parent() == vouched).await;

    collector.expect_nowhere(&HashMap::from([
        ("the email", EMAIL.to_owned()),
        ("the code", code),
        ("a token", owner.access_token.clone()),
        ("the challenge's token", challenge.token.clone()),
        ("an address", "127.0.0.1".to_owned()),
    ]));
}

/// An app's server vouches for a device, in the caller's trace.
async fn vouch(node: &ChildGateway) {
    let client = Client::new(&node.url);
    let operator = Client::operator(&node.operator_url, &operator_token_file());
    let key = json!({ "name": "shop", "scopes": ["subjects:write"] });
    let key = operator.send(Method::POST, "/admin/api-keys", None, Some(key)).await.expect(201)["key"].clone();
    let call = Call { method: Method::POST, path: "/v1/subjects/ann/devices", token: key.as_str() };
    let body = json!({ "device": Install::new("First").json(), "ip": "203.0.113.7" });
    client.send_with(&call, &[("traceparent", CALLER), ("idempotency-key", "1")], Some(body)).await.expect(201);
}

async fn await_joined(nodes: &[&ChildGateway]) {
    for node in nodes {
        let operator = Client::new(&node.operator_url);
        let joined = async {
            while operator.send(Method::GET, "/readyz", None, None).await.body["status"] != "ready" {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, joined).await.expect("joined in time");
    }
}

/// A collector that is away costs nothing but its traces, and one line says so.
#[actix_web::test]
async fn a_collector_that_is_away_is_said_once_and_holds_up_nothing() {
    let folder = data_folder();
    let settings = [("TRACES__ENDPOINT", "http://127.0.0.1:9/v1/traces")];
    let gateway = GatewayProcess::start(folder.path(), &settings).await;
    gateway.client().new_account(EMAIL).await;
    gateway.signal("TERM");
    let (status, output) = gateway.ended().await;
    assert!(status.success(), "{output}");
    assert_eq!(output.matches("takes no traces").count(), 1, "{output}");
}
