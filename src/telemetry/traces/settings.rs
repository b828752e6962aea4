//! What is traced, and where traces go.

use std::path::PathBuf;

use ipnet::IpNet;
use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// `traces.*`. Off while `endpoint` is unset.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSettings {
    /// Where they go: a collector that takes OTLP over HTTP.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The `Authorization` header that the collector asks for.
    #[serde(default, serialize_with = "hidden")]
    pub authorization: Option<SecretString>,
    /// PEM file of the only certificate authorities to trust; without it, those of the system.
    #[serde(default)]
    pub trust_root_file: Option<PathBuf>,
    /// The share of traces that is recorded.
    pub sample_ratio: f64,
    /// Networks whose callers may go on with a trace of theirs.
    pub callers: Vec<IpNet>,
}

fn hidden<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| "hidden").serialize(serializer)
}

/// Why there can be no traces.
#[derive(Debug, thiserror::Error)]
pub enum TraceSetupError {
    /// The address.
    #[error(
        "traces.endpoint must be an http:// or https:// address without user and password, such as http://127.0.0.1:4318/v1/traces"
    )]
    Endpoint,
    /// A number outside its range.
    #[error("traces.sample_ratio must be 0 to 1")]
    SampleRatio,
    /// The header.
    #[error("traces.authorization (TWOSTEP__TRACES__AUTHORIZATION_FILE) must be one line such as \"Bearer …\"")]
    Authorization,
    /// The exporter refuses the settings.
    #[error("traces cannot be set up: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

impl TraceSettings {
    /// Checks every value; answers with where traces go, if they do.
    ///
    /// # Errors
    /// [`TraceSetupError`] names the key.
    pub fn check(&self) -> Result<Option<Url>, TraceSetupError> {
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return Err(TraceSetupError::SampleRatio);
        }
        let is_header = |secret: &SecretString| HeaderValue::from_str(secret.expose_secret()).is_ok();
        if !self.authorization.as_ref().is_none_or(is_header) {
            return Err(TraceSetupError::Authorization);
        }
        let Some(text) = &self.endpoint else { return Ok(None) };
        let url = Url::parse(text).map_err(|_| TraceSetupError::Endpoint)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if is_plain && matches!(url.scheme(), "http" | "https") {
            Ok(Some(url))
        } else {
            Err(TraceSetupError::Endpoint)
        }
    }
}
