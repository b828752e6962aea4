//! The whole gateway, from outside: real PostgreSQL, real HTTP, real WebSockets.
//!
//! One binary, so that one private PostgreSQL serves every test; each test has a database of its own.

#![expect(unreachable_pub, reason = "a test binary has no public side")]

mod api;
mod architecture;
mod attacks;
mod cluster;
mod command;
mod edge;
mod failover;
mod faults;
mod ladder;
mod live;
mod mail;
mod proxies;
mod recovery;
mod server;
mod support;
