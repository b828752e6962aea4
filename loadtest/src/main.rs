//! The load-testing harness.
fn main() {}
