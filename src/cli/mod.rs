//! The command line: what each command does. `main.rs` reads its arguments.

pub mod admin;
pub mod code_keys;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod operator_client;
pub mod rollout;
