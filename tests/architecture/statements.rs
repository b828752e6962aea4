//! What pgbench runs for scale is what the gateway runs.

use super::{read, root};
use crate::support::database::TestDatabase;

/// Each statement of the script stands below the name of its query file and has that file's text, with values for parameters.
#[test]
fn the_statements_for_pgbench_are_the_gateways() {
    let script = read(&root().join("benches/statements/whole_sign_in.sql"));
    let mut compared = 0;
    for part in script.split("\n-- ").skip(1) {
        let Some((name, statement)) = part.split_once('\n').filter(|(name, _)| name.ends_with(".sql")) else {
            continue;
        };
        let path = root().join("sql/queries").join(name);
        assert!(path.is_file(), "benches/statements/whole_sign_in.sql has {name}, which is gone");
        let statement = words(statement);
        let mut rest = statement.as_str();
        for piece in pieces(&words(&read(&path))) {
            let found = rest.find(&piece);
            let at = found.unwrap_or_else(|| panic!("{name} differs from sql/queries: no `{piece}` in `{rest}`"));
            rest = &rest[at + piece.len()..];
        }
        compared += 1;
    }
    assert_eq!(compared, 7, "statements that are compared");
}

/// The script runs, and carries a whole sign-in out.
#[actix_web::test]
async fn the_statements_for_pgbench_carry_a_sign_in_out() {
    let database = TestDatabase::new().await;
    let folder = root().join("benches/statements");
    database.execute(&read(&folder.join("seed.sql"))).await;
    let values = [("id", 100), ("notice", 200), ("account", 0), ("device_1", 1), ("device_2", 2), ("device_3", 3)];
    database.execute(&filled(&read(&folder.join("whole_sign_in.sql")), &values)).await;
    for (what, expected) in [
        ("challenges WHERE outcome = 'verified'", 1),
        ("deliveries WHERE state = 'shown'", 2),
        ("idempotent_requests", 1),
        ("sessions", 1),
        ("notices WHERE kind = 'new_device_signed_in' AND sent_at IS NOT NULL", 1),
    ] {
        assert_eq!(database.count(&format!("SELECT count(*) FROM {what}")).await, expected, "{what}");
    }
    database
        .execute(&filled(&read(&folder.join("three_commits.sql")), &[("row_1", 0), ("row_2", 1), ("row_3", 2)]))
        .await;
    assert_eq!(database.count("SELECT sum(count)::bigint FROM reference").await, 3);
}

/// A script of pgbench as plain SQL: without its own commands, with values for its variables.
fn filled(script: &str, values: &[(&str, u32)]) -> String {
    let lines: Vec<&str> = script.lines().filter(|line| !line.starts_with('\\')).collect();
    // `::` is a cast.
    let parts = lines.join("\n").replace("::", "\0");
    let fill = |text: String, (name, value): &(&str, u32)| text.replace(&format!(":{name}"), &value.to_string());
    values.iter().fold(parts, fill).replace('\0', "::")
}

/// Without comments and with single spaces.
fn words(sql: &str) -> String {
    let lines = sql.lines().filter(|line| !line.starts_with("--"));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// What stands between the parameters.
fn pieces(sql: &str) -> Vec<String> {
    let mut pieces = sql.split('$');
    let first = pieces.next().unwrap_or_default().to_owned();
    let after = pieces.map(|piece| piece.trim_start_matches(|digit: char| digit.is_ascii_digit()).to_owned());
    std::iter::once(first).chain(after).collect()
}
