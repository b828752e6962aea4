//! What the database means by a refusal: PostgreSQL 17 documentation, appendix A, error codes.

/// Classes of "not now": the statement was right, and may succeed later or elsewhere.
const NOT_NOW_CLASSES: [&str; 7] = [
    "08", // The connection, a pooler's too.
    "26", // A prepared statement that this session does not know: a pooler or a failover put another session in its place.
    "28", // The role may not log in: a password that is being changed, pg_hba.conf during a failover.
    "40", // Serialisation failures and deadlocks.
    "53", // Out of connections, memory or disk.
    "57", // Shutting down, starting, cancelled, dropped while idle.
    "58", // Its disk or operating system.
];

/// States of "not now" in classes that otherwise tell of mistakes.
const NOT_NOW: [&str; 10] = [
    "0A000", // "cached plan must not change result type": a migration came between.
    "25006", // A standby, or a session that was set read-only.
    "25P02", // A transaction that somebody else left failed.
    "25P03", // A transaction that was idle for too long.
    "25P04", // A transaction that took too long.
    "3D000", // The database is not there: it is being restored or renamed.
    "42P05", // A prepared statement that this session knows already: see class 26.
    "55000", // The database takes no connections, or recovers.
    "55006", // In use.
    "55P03", // A lock that is not to be had in time.
];

/// Of these, what says nothing about the session.
const OF_THE_STATEMENT: [&str; 5] = ["40", "53", "55006", "55P03", "57014"];

/// Whether a statement that was refused with this state may succeed later.
pub(in crate::store) fn says_not_now(state: &str) -> bool {
    NOT_NOW_CLASSES.iter().any(|class| state.starts_with(class)) || NOT_NOW.contains(&state)
}

/// Whether the session that refused a statement with this state is not to be used again.
pub(in crate::store) fn spoils_connection(state: &str) -> bool {
    says_not_now(state) && !OF_THE_STATEMENT.iter().any(|prefix| state.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_now_is_one_list() {
        for state in [
            "08000", "08006", "08P01", "0A000", "25006", "25P02", "25P03", "25P04", "26000", "28000", "28P01", "3D000",
            "40001", "40P01", "42P05", "53100", "53200", "53300", "55000", "55006", "55P03", "57014", "57P01", "57P02",
            "57P03", "57P05", "58000", "58030", "58P01",
        ] {
            assert!(says_not_now(state), "{state}");
        }
        for mistake in
            ["22P02", "23502", "23503", "25001", "42501", "42601", "42703", "42P01", "55P02", "P0001", "XX000"]
        {
            assert!(!says_not_now(mistake) && !spoils_connection(mistake), "{mistake}");
        }
    }

    #[test]
    fn a_session_that_cannot_do_its_work_is_not_used_again() {
        for state in [
            "08006", "0A000", "25006", "25P02", "25P03", "26000", "28000", "3D000", "42P05", "55000", "57P01", "57P05",
            "58030",
        ] {
            assert!(spoils_connection(state), "{state}");
        }
        for state in ["40001", "40P01", "53100", "55P03", "57014"] {
            assert!(!spoils_connection(state), "{state}");
        }
    }
}
