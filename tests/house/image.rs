//! The image is built from a part of the repository.

use std::path::Path;

const MANIFEST_DIR: &str = env!("CARGO_MANIFEST_DIR");

/// What the build of the program read, as cargo notes it beside the program, is in the context of the Dockerfile.
#[test]
fn the_context_of_the_image_holds_all_that_the_build_reads() {
    let context = std::fs::read_to_string(Path::new(MANIFEST_DIR).join("deploy/docker/Dockerfile.dockerignore"))
        .expect("it is there");
    let included: Vec<&str> = context.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let notes = Path::new(env!("CARGO_BIN_EXE_twostep")).with_extension("d");
    let notes = std::fs::read_to_string(&notes).unwrap_or_else(|error| panic!("{}: {error}", notes.display()));
    let (_, read) = notes.split_once(": ").expect("a target, and what it is made of");
    let mut seen = 0;
    for path in read.split_whitespace().filter_map(|path| Path::new(path).strip_prefix(MANIFEST_DIR).ok()) {
        let is_included = included.iter().any(|included| path.starts_with(included));
        assert!(is_included, "deploy/docker/Dockerfile.dockerignore leaves {} out", path.display());
        seen += 1;
    }
    assert!(seen > 200, "{seen} files");
}
