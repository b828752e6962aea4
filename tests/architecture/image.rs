//! The image is built from a part of the repository.

use std::path::{Component, Path, PathBuf};

const MANIFEST_DIR: &str = env!("CARGO_MANIFEST_DIR");

/// What the build of each crate read, as the compiler notes it beside what it built, is in the context of the Dockerfile.
#[test]
fn the_context_of_the_image_holds_all_that_the_build_reads() {
    let context = std::fs::read_to_string(Path::new(MANIFEST_DIR).join("deploy/docker/Dockerfile.dockerignore"))
        .expect("it is there");
    let included: Vec<&str> = context.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut seen = 0;
    for name in ["twostep", "twostep_simulators"] {
        let notes = newest_notes(name);
        let (_, read) = notes.lines().next().and_then(|line| line.split_once(": ")).expect("what it is made of");
        for path in read.split_whitespace().map(|path| from_root(Path::new(path))) {
            let is_included = included.iter().any(|included| path.starts_with(included));
            assert!(is_included, "deploy/docker/Dockerfile.dockerignore leaves {} out", path.display());
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen} files");
}

/// The notes of a library's last build that others link.
fn newest_notes(name: &str) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_twostep")).with_file_name("deps");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<_> = entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| {
            let file = entry.file_name().to_string_lossy().into_owned();
            file.rsplit_once('-').is_some_and(|(start, end)| start == name && end.ends_with(".d"))
        })
        .map(|entry| (entry.metadata().and_then(|data| data.modified()).expect("a time"), entry.path()))
        .collect();
    found.sort();
    let texts = found.iter().rev().map(|(_, path)| std::fs::read_to_string(path).expect("readable"));
    let mut libraries = texts.filter(|text| text.contains(&format!("lib{name}-")) && text.contains(".rlib: "));
    let notes = libraries.next().unwrap_or_else(|| panic!("no notes about {name} in {}", folder.display()));
    // One line for each thing that was built; that of the library tells all that it read.
    notes.lines().find(|line| line.contains(".rlib: ")).expect("found above").to_owned()
}

/// A path as the compiler notes it, below the root of the repository, without detours.
fn from_root(path: &Path) -> PathBuf {
    let path = path.strip_prefix(MANIFEST_DIR).unwrap_or(path);
    path.components().fold(PathBuf::new(), |mut whole, part| {
        match part {
            Component::ParentDir => drop(whole.pop()),
            Component::CurDir => {}
            part => whole.push(part),
        }
        whole
    })
}
