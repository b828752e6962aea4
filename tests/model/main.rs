//! Rules as models. The guess budget (`guessing`): its rules under every interleaving of guessers, owners, crashes and nodes, with what it
//! proves and what breaks it. Reports and trust (`trusting`). All ways into an
//! account (`ways`). `tests/api/challenges/rules.rs` holds the database against the same rules.
//!
//! `cargo test --test model -- --nocapture` prints the bounds, the number of states, and the shortest way to break each rule.

#![expect(unreachable_pub, reason = "a test binary has no public side")]
#![expect(clippy::print_stdout, reason = "what is proven is printed")]

mod breakages;
mod explore;
mod guessing;
mod ladder;
mod steps;
mod trusting;
mod ways;
mod world;
