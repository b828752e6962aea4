//! The architecture rules, as tests.

mod advisories;
mod circles;
mod documents;
mod features;
mod generated;
mod image;
mod imports;
mod metrics;
mod page_safety;
mod page_texts;
mod queries;
mod settings;
mod shipped;
mod standards;
mod statements;

use std::path::{Path, PathBuf};

/// Every file below a folder of the repository that ends like this, in order.
pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = all_files(folder);
    found.retain(|path| path.extension().is_some_and(|found| found == extension));
    assert!(!found.is_empty(), "no .{extension} below {folder}");
    found
}

/// Every file below a folder of the repository, in order.
fn all_files(folder: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    found
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
