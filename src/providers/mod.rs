//! The ways out of the gateway that are not its own connections.

pub mod mail;
pub mod push;
pub mod webhook;
