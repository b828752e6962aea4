//! docs/features.md: every sentence names the test that shows it.

use std::path::PathBuf;

use super::{read, root};

/// The rows of its tables: a sentence, and the tests that show it.
fn promises(text: &str) -> Vec<(&str, Vec<&str>)> {
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let promises = rows.filter(|line| !line.starts_with("| what "));
    promises
        .map(|line| {
            let (sentence, shown_by) = line.trim_matches('|').rsplit_once(" | ").expect("two cells");
            (sentence.trim(), shown_by.split('`').skip(1).step_by(2).collect())
        })
        .collect()
}

/// Whether `module::path::name` is a test in the file of its module.
pub(super) fn is_test(name: &str) -> bool {
    let Some((module, function)) = name.rsplit_once("::") else { return false };
    let (folder, module) = match module.strip_prefix("unit::") {
        Some(module) => sources_of(module),
        None => (root().join("tests"), module),
    };
    let place = folder.join(module.replace("::", "/"));
    // Many tests have a file of their own beside the code.
    let files = [place.with_extension("rs"), place.join("mod.rs"), place.join("tests.rs")];
    let text: String = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_function = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ").is_some_and(|rest| rest.starts_with(&format!("{function}(")))
    };
    lines.windows(2).any(|pair| pair[0].starts_with("#[") && pair[0].contains("test") && is_function(pair[1]))
}

/// The folder of a unit test's sources, and its module there: `front::memory` is in `crates/front/src`.
fn sources_of(module: &str) -> (PathBuf, &str) {
    if let Some((name, module)) = module.split_once("::") {
        let of_crate = root().join("crates").join(name.replace('_', "-")).join("src");
        if of_crate.is_dir() {
            return (of_crate, module);
        }
    }
    (root().join("src"), module)
}

#[test]
fn every_promise_names_tests_that_exist() {
    let text = read(&root().join("docs/features.md"));
    let promises = promises(&text);
    assert!(promises.len() > 40, "only {} rows were understood", promises.len());
    for (sentence, tests) in promises {
        assert!(sentence.ends_with('.') && !tests.is_empty(), "{sentence}: no test is named");
        for test in tests {
            assert!(is_test(test), "{sentence}: there is no test {test}");
        }
    }
}

#[test]
fn a_name_that_is_no_test_is_found_out() {
    assert!(is_test("architecture::features::a_name_that_is_no_test_is_found_out"));
    assert!(
        !is_test("architecture::features::is_test")
            && !is_test("architecture::features::gone")
            && !is_test("nowhere::gone")
    );
}
