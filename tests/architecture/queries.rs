//! Statements: every file prepares against the migrated schema, says what it is, and is used.

use std::path::Path;

use super::{files, read, root};
use crate::support::database::TestDatabase;

#[actix_web::test]
async fn every_query_file_prepares_against_the_migrated_schema() {
    let database = TestDatabase::new().await;
    let client = database.connect().await;
    for path in files("sql/queries", "sql") {
        let prepared = client.prepare(&read(&path)).await;
        assert!(prepared.is_ok(), "{}: {:?}", path.display(), prepared.err());
    }
}

#[test]
fn every_query_file_says_what_it_is_and_is_used() {
    let code: String = files("src/store", "rs").iter().map(|path| read(path)).collect();
    for path in files("sql/queries", "sql") {
        let text = read(&path);
        assert!(text.starts_with("-- "), "{} has no header", path.display());
        for parameter in 1..=40 {
            let is_used = uses(&text, parameter);
            let is_told = text.lines().filter(|line| line.starts_with("--")).any(|line| uses(line, parameter));
            assert!(!is_used || is_told, "{} does not say what ${parameter} is", path.display());
        }
        let name = name(&path);
        assert!(code.contains(&format!("query!(\"{name}\")")), "nothing uses {name}");
    }
}

#[test]
fn there_is_no_statement_in_rust() {
    for path in files("src", "rs") {
        let text = read(&path);
        for statement in ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE ", "\"CREATE "] {
            // The lock around migrations comes before any schema is there, and has no parameters.
            let is_migration = path.ends_with("store/postgres/migrate.rs") && statement == "\"SELECT ";
            assert!(is_migration || !text.contains(statement), "{} holds {statement:?}", path.display());
        }
    }
}

fn uses(text: &str, parameter: u32) -> bool {
    let name = format!("${parameter}");
    text.match_indices(&name).any(|(at, _)| !text[at + name.len()..].starts_with(|next: char| next.is_ascii_digit()))
}

fn name(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("sql/queries")).expect("below the folder");
    relative.with_extension("").to_str().expect("UTF-8").to_owned()
}
