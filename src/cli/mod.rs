//! The command line: what each command does. `main.rs` reads its arguments.

pub mod admin;
pub mod check_config;
pub mod code_keys;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod migrate;
pub mod operator_client;
pub mod push_keys;
pub mod reach;
pub mod reference;
pub mod rollout;
pub mod serve;
