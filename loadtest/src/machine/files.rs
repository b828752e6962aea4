//! How many files may be open: each connection is one.

use anyhow::Context;

/// Files open beside connections.
const MARGIN: u64 = 500;

/// Lets this process, and gateways that it starts, open `connections` and what else they need.
///
/// # Errors
/// When the system's bound is lower; the text says how to raise it.
pub(crate) fn raise_open_files(connections: u64) -> anyhow::Result<()> {
    let wanted = connections + MARGIN;
    let reached = rlimit::increase_nofile_limit(u64::MAX).context("the limit of open files cannot be read")?;
    anyhow::ensure!(
        reached >= wanted,
        "{wanted} open files are needed and {reached} allowed: run `ulimit -Hn {wanted}` as root in the shell first, or set \
         `* hard nofile {wanted}` in /etc/security/limits.conf (in a container: --ulimit nofile={wanted})"
    );
    Ok(())
}
