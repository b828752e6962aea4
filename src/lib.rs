//! Twostep: a self-hosted two-step verification gateway. docs/architecture.md tells how it works.

pub mod actors;
pub mod admin_command;
pub mod app;
pub mod bus;
pub mod clock;
pub mod code_keys_command;
pub mod delivery;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod domain;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod gateway;
pub mod http;
pub mod listener;
pub mod operator_client;
pub mod outbound;
pub mod places;
pub mod private_file;
pub mod protocol;
pub mod rollout_command;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod texts;
pub mod traces;
pub mod verification;
