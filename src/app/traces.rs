//! The way of traces to their collector.

use super::AppError;
use crate::domain::value::id::NodeId;
use crate::outbound;
use crate::providers::push::{PushSetupError, tls_client};
use crate::settings::Settings;
use crate::telemetry::traces::{self, Exporter};

/// Starts recording, if a collector is named.
pub(super) fn start(settings: &Settings, node: NodeId) -> Result<Option<Exporter>, AppError> {
    let Some(endpoint) = settings.traces.check()? else { return Ok(None) };
    let root = settings.traces.trust_root_file.as_deref();
    let tls = tls_client("traces.trust_root_file", root, endpoint.scheme() == "https")?;
    let http = outbound::http_client()
        .map_err(PushSetupError::from)?
        .tls_backend_preconfigured(tls)
        .timeout(traces::PATIENCE)
        .build()?;
    Ok(traces::start(&settings.traces, http, node.to_string())?)
}
