//! Twostep: a self-hosted two-step verification gateway. docs/architecture.md tells how it works.

pub mod actors;
pub mod app;
pub mod bus;
pub mod delivery;
pub mod demo;
pub mod doctor;
pub mod domain;
pub mod embedded_postgres;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod gateway;
pub mod http;
pub mod keys_command;
pub mod listener;
pub mod places;
pub mod protocol;
pub mod rollout_command;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod texts;
pub mod verification;
