//! What is done for every code, every frame and every connection: the paths that are measured before and after a change.

#![expect(unreachable_pub, reason = "a benchmark has no public side")]

mod accounts;
mod actors;
mod bodies;
mod codes;
mod frames;
mod samples;

use criterion::Criterion;

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    codes::measure(&mut criterion);
    frames::measure(&mut criterion);
    bodies::measure(&mut criterion);
    actors::measure(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}
