//! Where traces go: to a collector, in batches, over OTLP/HTTP with protobuf bodies (<https://opentelemetry.io/docs/specs/otlp/>).
//!
//! Nothing waits for the collector. What it does not take in time is dropped: 2048 steps may wait (the SDK's default).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::KeyValue;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tracing::{info, warn};

use super::settings::{TraceSettings, TraceSetupError};

/// How long the collector may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How long what was recorded last may take to leave when the node goes away.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

/// One a process, as with logs and metrics.
static PROVIDER: RwLock<Option<SdkTracerProvider>> = RwLock::new(None);

pub(super) fn provider() -> Option<SdkTracerProvider> {
    PROVIDER.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Sends what is recorded for as long as the node runs.
pub struct Exporter(SdkTracerProvider);

/// Starts recording if the settings name a collector; `http` is the way to it, and `node` tells the steps of this node from those
/// of others. Call it inside a runtime, which the requests then use.
///
/// # Errors
/// [`TraceSetupError`] names the setting.
pub fn start(
    settings: &TraceSettings,
    http: reqwest::Client,
    node: String,
) -> Result<Option<Exporter>, TraceSetupError> {
    let Some(endpoint) = settings.check()? else { return Ok(None) };
    let authorization = settings.authorization.as_ref().map(|secret| secret.expose_secret().to_owned());
    let headers: HashMap<String, String> =
        authorization.into_iter().map(|secret| ("authorization".to_owned(), secret)).collect();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender { http, runtime: Handle::current(), is_failing: AtomicBool::new(false) })
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .with_timeout(PATIENCE)
        .with_headers(headers)
        .build()?;
    let about = Resource::builder_empty()
        .with_service_name("twostep")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", node))
        .build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio)));
    let provider =
        SdkTracerProvider::builder().with_sampler(sampler).with_resource(about).with_batch_exporter(exporter).build();
    *PROVIDER.write().unwrap_or_else(PoisonError::into_inner) = Some(provider.clone());
    Ok(Some(Exporter(provider)))
}

impl Exporter {
    /// Sends what was recorded last, within a second, and records nothing more.
    pub async fn stop(self) {
        PROVIDER.write().unwrap_or_else(PoisonError::into_inner).take();
        // It blocks. What is not sent by then is lost, as it would be with a collector that is away.
        let _ = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST_PATIENCE)).await;
    }
}

/// The exporter calls from a thread of its own; requests need the runtime.
#[derive(Debug)]
struct Sender {
    http: reqwest::Client,
    runtime: Handle,
    is_failing: AtomicBool,
}

impl Sender {
    /// Says when traces begin to be lost, and when they arrive again.
    fn note(&self, answer: &Result<http::Response<Bytes>, reqwest::Error>) {
        let refusal = match answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status().as_u16())),
            Err(error) => Some(error.to_string()),
        };
        match (&refusal, self.is_failing.swap(refusal.is_some(), Ordering::Relaxed)) {
            (Some(why), false) => {
                warn!(%why, "the collector of traces.endpoint takes no traces: they are lost until it does");
            }
            (None, true) => info!("the collector takes traces again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let http = self.http.clone();
        let request = reqwest::Request::try_from(request)?;
        let exchange = async move {
            let answer = http.execute(request).await?;
            let status = answer.status();
            let mut response = http::Response::new(answer.bytes().await?);
            *response.status_mut() = status;
            Ok::<_, reqwest::Error>(response)
        };
        let answer = self.runtime.spawn(exchange).await?.map_err(reqwest::Error::without_url);
        self.note(&answer);
        Ok(answer?)
    }
}
