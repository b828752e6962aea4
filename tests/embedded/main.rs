//! The private PostgreSQL against the machine's real server programs: as root and as an ordinary user, alone and
//! with a gateway (the holder) that is killed. Linux only: the tests look for processes in `/proc`.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod holder;
mod kills;
mod lifecycle;
mod machine;
mod places;
mod refusals;
