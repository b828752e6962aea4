//! The Python with the tools that nobody here wrote, as scripts/install-test-tools makes it.

use std::path::PathBuf;

/// Its program.
pub fn test_python() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let python = target.parent().expect("below the target folder").join("test-tools/bin/python");
    assert!(python.is_file(), "{} is missing: run scripts/install-test-tools", python.display());
    python
}
