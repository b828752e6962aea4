//! The operator's side of a gateway: whether it is ready, and what it counts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use http::StatusCode;
use serde::Deserialize;

use super::http::Http;
use super::target::Target;

/// The operator's side of one gateway.
pub(crate) struct Operator {
    http: Http,
    token_file: PathBuf,
}

#[derive(Deserialize)]
struct NewKey {
    key: String,
}

#[derive(Deserialize)]
struct Readiness {
    status: String,
}

impl Operator {
    /// At `http://HOST:PORT`, with its token in this file, which need not be there before it is used.
    ///
    /// # Errors
    /// When the address is none.
    pub(crate) fn at(url: &str, token_file: &Path) -> anyhow::Result<Self> {
        let http = Http::new(&Arc::new(Target::parse(url)?), None);
        Ok(Self { http, token_file: token_file.to_owned() })
    }

    /// What it says of itself: `ready`, `degraded`, `unavailable` or `draining`.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn readiness(&self) -> anyhow::Result<String> {
        Ok(self.http.get("/readyz", None).await?.read::<Readiness>()?.status)
    }

    /// Makes a key for an app's server.
    ///
    /// # Errors
    /// When it is refused, or the operator's token is missing.
    pub(crate) async fn api_key(&self) -> anyhow::Result<String> {
        let body = serde_json::json!({ "name": "load", "scopes": ["verifications:write", "subjects:write"] });
        let path = &self.token_file;
        let token = std::fs::read_to_string(path).with_context(|| {
            format!("the operator's token cannot be read from {}: --operator-token-file names its file", path.display())
        })?;
        let made = self.http.post("/admin/api-keys", Some(token.trim()), &body).await?;
        Ok(made.expect::<NewKey>(StatusCode::CREATED)?.key)
    }

    /// A gauge, all its labels together; 0 when nothing set it so far.
    ///
    /// # Errors
    /// When it does not answer.
    pub(crate) async fn gauge(&self, name: &str) -> anyhow::Result<f64> {
        let answer = self.http.get("/metrics", None).await?;
        anyhow::ensure!(answer.status == StatusCode::OK, "metrics: {}", answer.text());
        Ok(sum_of(name, &answer.body()))
    }
}

/// The sum of a metric's lines in Prometheus's text format
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
fn sum_of(name: &str, text: &str) -> f64 {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        (rest.starts_with(' ') || rest.starts_with('{')).then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
    });
    values.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_one_metric_are_added_up() {
        let text = "# HELP open Open.\nopen{kind=\"a b\"} 2\nopen{kind=\"c\"} 3\nopen_more 9\nother 7\n";
        assert_eq!(sum_of("open", text), 5.0);
        assert_eq!(sum_of("other", text), 7.0);
        assert_eq!(sum_of("none", text), 0.0);
    }
}
