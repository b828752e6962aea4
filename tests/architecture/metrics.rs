//! Metrics and what is built on them: alerts, the dashboard, the page for operators.

use std::collections::BTreeSet;

use serde_json::Value;
use twostep::telemetry::{METRICS, MetricKind};

use super::{read, root};

/// The names that queries may use; histograms by their series.
fn series() -> BTreeSet<String> {
    METRICS
        .iter()
        .flat_map(|metric| match metric.kind {
            MetricKind::Histogram(_) => {
                ["_bucket", "_sum", "_count"].map(|end| format!("{}{end}", metric.name)).to_vec()
            }
            MetricKind::Counter | MetricKind::Gauge => vec![metric.name.to_owned()],
        })
        .collect()
}

/// Every metric of ours that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.match_indices("twostep_")
        .filter(|(at, _)| !text[..*at].ends_with(is_part))
        .map(|(at, _)| text[at..].chars().take_while(|character| is_part(*character)).collect())
        .collect()
}

#[test]
fn the_dashboard_asks_for_metrics_that_exist_and_leaves_none_out() {
    let text = read(&root().join("deploy/grafana/dashboard.json"));
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut used = BTreeSet::new();
    for panel in panels {
        let queries = panel["targets"].as_array().expect("queries");
        assert!(!queries.is_empty(), "{}", panel["title"]);
        for query in queries {
            let names = named(query["expr"].as_str().expect("a query"));
            assert!(!names.is_empty(), "{query}");
            used.extend(names);
        }
    }
    assert_eq!(used.difference(&series()).next(), None);
    for metric in METRICS {
        assert!(used.iter().any(|name| name.starts_with(metric.name)), "no panel shows {}", metric.name);
    }
}

#[test]
fn alerts_ask_for_metrics_that_exist_and_say_what_to_do() {
    let alerts = read(&root().join("deploy/prometheus/alerts.yml"));
    assert_eq!(named(&alerts).difference(&series()).next(), None);
    let page = read(&root().join("docs/metrics.md"));
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() > 8);
    for name in names {
        assert!(page.contains(&format!("\n### {name}\n")), "docs/metrics.md does not say what to do about {name}");
        let runbook = format!("runbook_url: docs/metrics.md#{}\n", name.to_lowercase());
        assert!(alerts.contains(&runbook), "{name} leads nowhere");
    }
}

#[test]
fn the_page_lists_every_metric_as_it_is() {
    let page = read(&root().join("docs/metrics.md"));
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `twostep_")).collect();
    let real: Vec<String> = METRICS
        .iter()
        .map(|metric| {
            let kind = match metric.kind {
                MetricKind::Counter => "counter",
                MetricKind::Gauge => "gauge",
                MetricKind::Histogram(_) => "histogram",
            };
            format!("| `{}` | {kind} | {} |", metric.name, metric.help)
        })
        .collect();
    assert_eq!(listed, real);
}
