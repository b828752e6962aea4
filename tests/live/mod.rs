//! Live connections.

mod actors;
mod closing;
mod closing_handshake;
mod codes;
mod conformance;
mod handshake;
mod heartbeat;
mod main_job;
mod misuse;
mod slow_reader;
