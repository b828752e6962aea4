//! The tools that nobody here wrote, as scripts/install-test-tools installs them below the target folder.

use std::path::PathBuf;

/// Where they are.
pub fn test_tools() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().expect("below the target folder").join("test-tools")
}

/// The Python among them.
pub fn test_python() -> PathBuf {
    let python = test_tools().join("bin/python");
    assert!(python.is_file(), "{} is missing: run scripts/install-test-tools", python.display());
    python
}
