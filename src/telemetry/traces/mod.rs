//! Traces: the steps that a request took, on every node that had a part in it (OpenTelemetry).
//!
//! Off unless `traces.endpoint` names a collector: then nothing is recorded and nothing is sent along with facts. A trace begins with
//! a request. It holds no code, token or address, and of people only the ids of challenges.

mod export;
mod settings;
mod span;
mod trace;

pub use crate::telemetry::traces::span::{Kind, Step, carry};
pub use export::{Exporter, PATIENCE, start};
pub use settings::{TraceSettings, TraceSetupError};
pub use trace::Trace;
