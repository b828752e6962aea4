//! The rules of two-step verification, as pure functions and types.
//!
//! Nothing here waits, reads a clock, touches a disk or a socket, or draws a random number: `now`, random
//! bytes and keys are arguments, and what should happen is a return value that the caller carries out.

pub mod account;
pub mod app_server;
pub mod challenge;
pub mod code;
pub mod delivery;
pub mod device;
pub mod event;
pub mod operator_token;
pub mod value;
