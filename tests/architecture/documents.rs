//! Documents that tell what the code does.

use std::collections::BTreeSet;

use super::{read, root};
use twostep::http::problem::ProblemCode;
use twostep::websocket_protocol::close::CloseReason;

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

/// Message types of docs/asyncapi.yaml by who says them.
fn described(operation: &str) -> BTreeSet<String> {
    let text = read(&root().join("docs/asyncapi.yaml"));
    let said = text.split(&format!("\n  {operation}:\n")).nth(1).expect("the operation").split("\n  ").skip(1);
    said.take_while(|line| line.starts_with("  "))
        .filter_map(|line| Some(line.split("messages/").nth(1)?.split('\'').next()?.to_owned()))
        .collect()
}

/// The variants of an enum in src/websocket_protocol/message.rs, as they are on the wire.
fn variants(name: &str) -> BTreeSet<String> {
    let text = read(&root().join("src/websocket_protocol/message.rs"));
    let body = text.split(&format!("pub enum {name}")).nth(1).expect("the enum").split("\n}").next().expect("its end");
    let is_variant =
        |line: &&str| line.starts_with("    ") && line[4..].starts_with(|first: char| first.is_ascii_uppercase());
    let snake = |name: &str| {
        name.chars().enumerate().fold(String::new(), |mut word, (at, letter)| {
            if letter.is_ascii_uppercase() && at > 0 {
                word.push('_');
            }
            word.push(letter.to_ascii_lowercase());
            word
        })
    };
    let names = body
        .lines()
        .filter(is_variant)
        .map(|line| line.trim().chars().take_while(char::is_ascii_alphanumeric).collect::<String>());
    names.map(|name| snake(&name)).collect()
}

#[test]
fn the_websocket_document_has_every_message_and_no_other() {
    assert_eq!(described("hear"), variants("ServerMessage<'a>"));
    assert_eq!(described("say"), variants("DeviceMessage"));
}

#[test]
fn the_book_has_every_page() {
    let summary = read(&root().join("docs/SUMMARY.md"));
    for path in super::files("docs", "md") {
        let name = path.strip_prefix(root().join("docs")).expect("below docs").to_str().expect("UTF-8").to_owned();
        assert!(name == "SUMMARY.md" || summary.contains(&format!("]({name})")), "docs/SUMMARY.md lacks {name}");
    }
}

/// The words of a heading, as links to it have them.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    words
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
        .collect::<String>()
        .replace(' ', "-")
}

#[test]
fn links_to_headings_lead_to_one() {
    let mut checked = 0;
    for path in super::files("docs", "md") {
        for link in read(&path).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let Some((file, heading)) = link.split_once('#').filter(|_| !link.contains("://")) else { continue };
            let page = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            if page.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let text = read(&page);
            let is_there = text.lines().any(|line| line.starts_with('#') && anchor(line) == heading);
            assert!(is_there, "{}: {link} leads to no heading", path.display());
            checked += 1;
        }
    }
    assert!(checked > 3, "{checked}");
}
