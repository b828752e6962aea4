//! What pgbench runs for scale is what the gateway runs.

use super::{read, root};

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
