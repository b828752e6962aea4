//! `/metrics`, as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use twostep::telemetry::{METRICS, MetricKind};

use super::ANNA;
use crate::support::client::{Install, wrong};
use crate::support::gateway::TestGateway;

/// The metrics of a gateway on which people signed in, mistyped, and were denied.
async fn shown(gateway: &TestGateway) -> String {
    let client = gateway.client();
    let first = client.new_protected_account(ANNA).await;
    let mut screen = client.connect(&first).await;
    let second = client.trust_another(ANNA, &mut screen, "Second").await;
    let challenge = client.begin_sign_in(ANNA, &Install::new("Third")).await;
    let code = screen.code_of(&challenge.id).await;
    client.verify(&challenge, &wrong(&code)).await.expect(422);
    client.resend(&challenge, serde_json::json!({})).await.expect(429);
    client.deny(&challenge, &second).await.expect(204);
    let answer = gateway.operator().send(Method::GET, "/metrics", None, None).await.expect(200);
    answer.as_str().expect("text").to_owned()
}

#[actix_web::test]
async fn metrics_are_in_order() {
    let gateway = TestGateway::start().await;
    let text = shown(&gateway).await;
    let listed: BTreeMap<&str, _> = METRICS.iter().map(|metric| (metric.name, metric)).collect();
    let mut described = BTreeSet::new();
    for line in text.lines() {
        // For scripts/check-metrics.
        println!("METRICS {line}");
        let Some(name) = line.strip_prefix("# HELP ").and_then(|rest| rest.split(' ').next()) else { continue };
        if name.starts_with("process_") {
            continue;
        }
        assert!(listed.contains_key(name), "{name} is not in telemetry.rs");
        described.insert(name.to_owned());
    }
    let typed = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    for (name, kind) in typed.filter(|(name, _)| !name.starts_with("process_")) {
        let expected = match listed[name].kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram(_) => "histogram",
        };
        assert_eq!(kind, expected, "{name}");
        assert!(described.contains(name), "{name} has no help");
    }
    for name in [
        "twostep_build_info",
        "twostep_sign_ins_total",
        "twostep_challenges_closed_total",
        "twostep_code_entry_seconds",
        "twostep_receipt_seconds",
        "twostep_limit_refusals_total",
        "twostep_database_connections_max",
        "twostep_http_requests_total",
        "twostep_http_request_seconds",
        "twostep_password_hashes_waiting",
        "twostep_password_hashes_max",
        "twostep_ready",
    ] {
        assert!(described.contains(name), "{name} is missing:\n{text}");
    }
    assert!(text.contains(r#"twostep_challenges_closed_total{outcome="denied"}"#), "{text}");
    assert!(text.contains(r#"twostep_receipt_seconds_bucket{le="0.1"}"#), "{text}");
    let verified = r#"twostep_http_requests_total{route="/v1/challenges/{id}/verify",method="POST",status="200"} "#;
    assert!(text.contains(verified), "{text}");
    for of_process in ["process_start_time_seconds ", "process_resident_memory_bytes ", "process_open_fds "] {
        let value = text.lines().find_map(|line| line.strip_prefix(of_process)?.parse::<f64>().ok());
        assert!(value.is_some_and(|value| value > 0.0), "{of_process}: {text}");
    }
    gateway.stop().await;
}

/// <https://prometheus.io/docs/practices/naming/>.
#[test]
fn names_end_with_what_they_count_in() {
    for metric in METRICS {
        let name = metric.name;
        let is_right = match metric.kind {
            MetricKind::Counter => name.ends_with("_total"),
            MetricKind::Histogram(_) => name.ends_with("_seconds"),
            MetricKind::Gauge => !name.ends_with("_total"),
        };
        assert!(name.starts_with("twostep_") && is_right, "{name}");
        assert!(!metric.help.is_empty() && !metric.help.ends_with('.'), "{name}");
    }
}

/// No label holds what tells a person, a device or a challenge.
#[actix_web::test]
async fn no_label_tells_who_it_was() {
    let gateway = TestGateway::start().await;
    let text = shown(&gateway).await;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((_, rest)) = line.split_once('{') else { continue };
        let (labels, _) = rest.rsplit_once('}').expect("closed");
        let mut quoted = labels.split('"');
        while let (Some(name), Some(value)) = (quoted.next(), quoted.next()) {
            if name.ends_with("route=") {
                // As the contract writes it: an id that was called would have digits.
                let is_ours = value == "none" || value.starts_with('/');
                assert!(
                    is_ours && !value.replacen("/v1/", "/", 1).contains(|byte: char| byte.is_ascii_digit()),
                    "{line}"
                );
                continue;
            }
            let is_word = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.+".contains(&byte));
            assert!(is_word && value.len() <= 32, "{line}");
        }
    }
    gateway.stop().await;
}
