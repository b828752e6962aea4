//! File descriptors: a connection is one, and what else needs some must not run out of them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{info, warn};

/// Kept back for the listeners, the log, requests to providers, mail, the bus, files that are read again and the operator's
/// side; connections to the database come on top.
const RESERVED: u64 = 192;

/// Raises the soft limit of open files as far as `connections` need and the hard limit allows; says how many fit.
///
/// Not to the hard limit itself: that can be a thousand million, and the private PostgreSQL inherits it.
pub fn connections_that_fit(connections: usize, database_connections: usize) -> usize {
    let reserved = RESERVED + u64::try_from(database_connections).unwrap_or(u64::MAX);
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(reserved);
    let limit = getrlimit(Resource::Nofile);
    let raised = raised(limit.current, limit.maximum, wanted);
    if raised != limit.current {
        let attempt = setrlimit(Resource::Nofile, Rlimit { current: raised, maximum: limit.maximum });
        if let Err(error) = attempt {
            warn!(%error, "the limit of open files could not be raised");
        }
    }
    let now = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let fit = usize::try_from(now.saturating_sub(reserved).max(1)).unwrap_or(usize::MAX).min(connections);
    if fit < connections {
        warn!(
            open_files = now,
            connections = fit,
            "http.max_connections is {connections}, but the limit of open files (ulimit -n) leaves room for fewer"
        );
    } else {
        info!(open_files = now, connections = fit, "limits of connections");
    }
    fit
}

/// The soft limit to ask for; unset is unlimited.
fn raised(current: Option<u64>, maximum: Option<u64>, wanted: u64) -> Option<u64> {
    current.map(|current| current.max(maximum.map_or(wanted, |maximum| wanted.min(maximum))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_rises_as_far_as_needed_and_allowed_and_never_falls() {
        assert_eq!(raised(Some(1024), Some(1_048_576), 100_208), Some(100_208));
        assert_eq!(raised(Some(1024), Some(4096), 100_208), Some(4096));
        assert_eq!(raised(Some(1024), None, 100_208), Some(100_208));
        assert_eq!(raised(Some(524_288), Some(1_048_576), 100_208), Some(524_288));
        assert_eq!(raised(None, None, 100_208), None);
    }
}
