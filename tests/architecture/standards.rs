//! docs/standards.md and docs/threat-model.md: nothing is called met or defended without a test that shows it, and no
//! requirement is left out.

use std::collections::BTreeSet;

use super::features::is_test;
use super::{read, root};

/// The requirements of OWASP ASVS 5.0.0 of levels 1 and 2, by section: in each they are numbered from 1 to this.
const LEVELS_1_AND_2: &[(&str, u8)] = &[
    ("3.2", 2),
    ("3.3", 4),
    ("3.4", 6),
    ("3.5", 5),
    ("3.7", 2),
    ("4.4", 4),
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 4),
    ("6.4", 4),
    ("6.5", 5),
    ("6.6", 3),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 2),
    ("7.6", 2),
    ("8.1", 2),
    ("8.2", 3),
    ("8.3", 1),
    ("8.4", 1),
    ("9.1", 3),
    ("9.2", 4),
    ("11.1", 2),
    ("11.2", 3),
    ("11.3", 3),
    ("11.4", 4),
    ("11.5", 1),
    ("11.6", 1),
    ("12.1", 3),
    ("12.2", 2),
    ("12.3", 4),
    ("13.1", 1),
    ("13.2", 5),
    ("13.3", 2),
    ("13.4", 5),
    ("16.1", 1),
    ("16.2", 5),
    ("16.3", 4),
    ("16.4", 3),
    ("16.5", 3),
];
/// Those of level 3 that second steps and their notifications are about.
const LEVEL_3: &[&str] = &["6.3.5", "6.3.6", "6.3.7", "6.3.8", "6.5.6", "6.6.4", "7.5.3", "8.3.2", "16.5.4"];
/// The sections of NIST SP 800-63B-4 that bear on a gateway like this one.
const NIST: &[&str] = &[
    "2.1.3", "2.2.2", "2.2.3", "3.1.1.1", "3.1.1.2", "3.1.2.1", "3.1.2.2", "3.1.3", "3.1.3.1", "3.1.3.2", "3.1.3.3",
    "3.1.3.4", "3.1.4.1", "3.1.4.2", "3.2.1", "3.2.2", "3.2.7", "3.2.12", "4.1", "4.1.2.1", "4.2.1", "4.2.2", "4.2.3",
    "4.3", "4.4", "4.5", "4.6", "5.1", "5.1.1", "5.1.2", "5.2", "5.3",
];
/// Crates whose business is cryptography.
const CRYPTOGRAPHY: &[&str] = &["argon2", "hmac", "rand", "ring", "rustls", "sha2", "subtle", "tokio-postgres-rustls"];

struct Row<'a> {
    number: &'a str,
    status: &'a str,
    reason: &'a str,
}

impl Row<'_> {
    fn tests(&self) -> Vec<&str> {
        self.reason.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect()
    }
}

/// The rows of tables whose first cell is a number.
fn rows(text: &str) -> Vec<Row<'_>> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.filter(|row| row.starts_with(|first: char| first.is_ascii_digit() || first == '§'));
    rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [number, _, status, reason] = cells[..] else { panic!("not four cells: {row}") };
        Row { number, status, reason }
    })
    .collect()
}

fn standards() -> String {
    read(&root().join("docs/standards.md"))
}

#[test]
fn what_is_met_names_its_tests_and_what_is_not_says_why() {
    let text = standards();
    for Row { number, status, reason } in &rows(&text) {
        let row = Row { number, status, reason };
        for test in row.tests() {
            assert!(is_test(test), "{number}: there is no test {test}");
        }
        let is_pending = status.strip_prefix("not met (pending: ").is_some_and(|rest| rest.ends_with(')'));
        match *status {
            "met" => assert!(!row.tests().is_empty(), "{number} is met, but no test is named"),
            "not met" | "does not apply" => assert!(reason.len() > 10, "{number} does not say why"),
            _ => assert!(is_pending && reason.len() > 10, "{number}: {status} is no status"),
        }
    }
}

#[test]
fn every_requirement_has_one_row() {
    let text = standards();
    let rows = rows(&text);
    let numbers: Vec<&str> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "a number comes twice");
    let (nist, asvs): (Vec<&str>, Vec<&str>) = numbers.iter().partition(|number| number.starts_with('§'));

    let of_section =
        |(section, last): &(&str, u8)| (1..=*last).map(|number| format!("{section}.{number}")).collect::<Vec<_>>();
    let expected = LEVELS_1_AND_2.iter().flat_map(of_section).chain(LEVEL_3.iter().map(|number| (*number).to_owned()));
    assert_eq!(asvs.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), expected.collect());
    let sections = nist.iter().filter_map(|number| number.trim_start_matches('§').split(' ').next());
    assert_eq!(sections.collect::<BTreeSet<_>>(), NIST.iter().copied().collect());
}

#[test]
fn every_crate_of_cryptography_is_in_the_inventory() {
    let (manifest, text) = (read(&root().join("Cargo.toml")), standards());
    let inventory = text.split("## Cryptography").nth(1).expect("an inventory");
    for name in CRYPTOGRAPHY {
        let is_used = manifest.lines().any(|line| line.split(' ').next() == Some(name));
        assert!(!is_used || inventory.contains(&format!("`{name}`")), "{name} is not in the inventory");
    }
}

#[test]
fn every_threat_names_its_tests_and_what_is_left() {
    let text = read(&root().join("docs/threat-model.md"));
    let threats: Vec<&str> = text.split("\n### ").skip(1).collect();
    assert!(threats.len() >= 17, "only {} threats", threats.len());
    for threat in threats {
        let title = threat.lines().next().expect("a title");
        for part in ["**Defence.**", "**Left.**"] {
            assert!(threat.contains(part), "{title}: {part} is missing");
        }
        let section = threat.split("\n## ").next().expect("a first part");
        let tests = section.split('`').skip(1).step_by(2).filter(|name| name.contains("::"));
        let tests: Vec<&str> = tests.collect();
        assert!(!tests.is_empty(), "{title}: no test is named");
        for test in tests {
            assert!(is_test(test), "{title}: there is no test {test}");
        }
    }
}
