//! The Login Security page in a real browser: headless Chromium against a real gateway, over its public side only.

#![expect(unreachable_pub, reason = "a test binary has no public side")]

mod access;
mod driver;
mod lost_answers;
mod moving;
mod operator;
mod person;
mod pictures;
mod push;
mod recovery;
mod security;
mod sign_in;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod support;
mod worker;
