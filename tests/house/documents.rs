//! Documents that tell what the code does.

use std::collections::BTreeSet;

use super::{read, root};
use twostep::http::problem::ProblemCode;
use twostep::protocol::close::CloseReason;

/// The rows of the tables of a document, as cells.
fn rows(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

#[test]
fn errors_md_lists_every_problem_with_its_status() {
    let text = read(&root().join("docs/errors.md"));
    let documented: BTreeSet<(String, String)> = rows(&text)
        .into_iter()
        .filter(|row| row[0].starts_with('`'))
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone()))
        .collect();
    let real: BTreeSet<(String, String)> =
        ProblemCode::ALL.iter().map(|code| (code.to_string(), code.status().as_u16().to_string())).collect();
    assert_eq!(documented, real);
}

#[test]
fn errors_md_lists_every_close_code() {
    let text = read(&root().join("docs/errors.md"));
    let documented: BTreeSet<u16> = rows(&text).into_iter().filter_map(|row| row[0].parse().ok()).collect();
    let real: BTreeSet<u16> = CloseReason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(documented, real);
    assert_eq!(real.len(), CloseReason::ALL.len(), "two reasons share a number");
}

#[test]
fn documents_link_to_files_that_exist() {
    for path in super::files("docs", "md").into_iter().chain([root().join("README.md")]) {
        let folder = path.parent().expect("a folder");
        for link in read(&path).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().expect("a first part");
            let is_local = !file.is_empty() && !file.contains("://");
            assert!(!is_local || folder.join(file).exists(), "{}: {link} leads nowhere", path.display());
        }
    }
}
