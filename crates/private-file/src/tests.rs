use std::os::unix::fs::{chown, lchown, symlink};

use secrecy::ExposeSecret;

use super::*;

/// Some other user's number.
const STRANGER: u32 = 54_321;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("changed");
}

fn text(path: &Path) -> String {
    read(path, Privacy::Unchecked).expect("read").expose_secret().to_owned()
}

/// A folder with a secret in it.
fn secret() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys");
    replace(&path, "one").expect("written");
    (folder, path)
}

/// Whether this test may give files away.
fn is_root(test: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        let _ = writeln!(io::stderr(), "skipped, for want of root: {test}");
    }
    is_root
}

#[test]
fn a_new_file_is_its_owners_alone_and_an_old_one_keeps_what_it_may() {
    let (folder, path) = secret();
    assert_eq!((mode(&path), text(&path).as_str()), (0o600, "one"));
    for (before, after) in [(0o640, 0o640), (0o664, 0o640), (0o400, 0o600)] {
        set_mode(&path, before);
        replace(&path, "two").expect("written");
        assert_eq!(mode(&path), after, "{before:o}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left aside");
}

#[test]
fn a_file_is_made_once_with_its_folders_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/er/token");
    create(&path, "one").expect("made");
    create(&path, "two").expect("is there");
    assert_eq!((mode(&path), text(&path).as_str()), (0o600, "one"));
    assert_eq!(fs::read_dir(path.parent().expect("a folder")).expect("a folder").count(), 1);
}

#[test]
fn a_link_stays_one_and_two_writers_do_not_mix() {
    let (folder, path) = secret();
    let link = folder.path().join("link");
    symlink(&path, &link).expect("linked");
    replace(&link, "two").expect("written");
    assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
    assert_eq!(text(&path), "two");

    fs::write(folder.path().join("keys.new"), "half").expect("written");
    assert_eq!(replace(&path, "three").map_err(|error| error.kind()), Err(io::ErrorKind::AlreadyExists));
    assert_eq!(text(&path), "two");
}

#[test]
fn only_the_owner_and_readers_of_the_group_are_let_in() {
    let (folder, path) = secret();
    for (mode, is_fine) in
        [(0o400, true), (0o600, true), (0o440, true), (0o640, true), (0o660, false), (0o604, false), (0o444, false)]
    {
        set_mode(&path, mode);
        assert_eq!(require(&path).is_ok(), is_fine, "{mode:o}");
    }
    assert!(matches!(require(&folder.path().join("gone")), Err(NotPrivate::Unreadable { .. })));
    assert!(matches!(require(folder.path()), Err(NotPrivate::NoFile(_))));
}

#[test]
fn a_directory_that_others_write_to_is_refused_unless_it_is_sticky() {
    let folder = tempfile::tempdir().expect("a folder");
    let (outer, inner) = (folder.path().join("outer"), folder.path().join("outer/inner"));
    fs::create_dir_all(&inner).expect("made");
    let path = inner.join("keys");
    replace(&path, "one").expect("written");
    for directory in [&outer, &inner] {
        for (mode, is_fine) in [(0o777, false), (0o775, false), (0o757, false), (0o1777, true), (0o755, true)] {
            set_mode(directory, mode);
            let checked = require(&path);
            assert_eq!(checked.is_ok(), is_fine, "{} {mode:o}: {checked:?}", directory.display());
        }
    }
}

/// Kubernetes: the file is a link to `..data/keys`, and `..data` one to a folder with the time in its name.
#[test]
fn links_of_a_volume_of_secrets_are_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let volume = folder.path().join("volume");
    fs::create_dir_all(volume.join("..2026_01_01")).expect("made");
    set_mode(&volume, 0o3777);
    replace(&volume.join("..2026_01_01/keys"), "one").expect("written");
    symlink("..2026_01_01", volume.join("..data")).expect("linked");
    symlink("..data/keys", volume.join("keys")).expect("linked");
    let path = volume.join("keys");
    assert_eq!(read(&path, Privacy::Required).expect("private").expose_secret(), "one");
    // Also by a detour.
    require(&volume.join("..data/../keys")).expect("private");

    set_mode(&volume.join("..2026_01_01"), 0o777);
    assert!(matches!(require(&path), Err(NotPrivate::OpenDirectory { .. })), "behind the links too");
    symlink("circle", volume.join("circle")).expect("linked");
    assert!(matches!(require(&volume.join("circle")), Err(NotPrivate::Unreadable { .. })));
}

#[test]
fn what_somebody_else_owns_is_refused_file_link_or_directory() {
    if !is_root("what_somebody_else_owns_is_refused_file_link_or_directory") {
        return;
    }
    let (folder, path) = secret();
    let link = folder.path().join("link");
    symlink(&path, &link).expect("linked");
    require(&link).expect("a link of root's");
    lchown(&link, Some(STRANGER), None).expect("given away");
    let refused = require(&link).expect_err("refused").to_string();
    assert!(refused.contains("belongs to user 54321") && refused.contains("chown the link"), "{refused}");

    chown(&path, Some(STRANGER), None).expect("given away");
    let refused = read(&path, Privacy::Required).expect_err("refused").to_string();
    assert!(refused.contains("belongs to user 54321") && refused.contains("chown it"), "{refused}");
    assert_eq!(text(&path), "one", "development reads it");
    chown(&path, Some(ROOT), None).expect("taken back");

    chown(folder.path(), Some(STRANGER), None).expect("given away");
    let refused = require(&path).expect_err("refused").to_string();
    assert!(refused.contains("belongs to user 54321") && refused.contains("chown the directory"), "{refused}");
    // A link from a place that is private to one that is not.
    let elsewhere = tempfile::tempdir().expect("a folder");
    symlink(&path, elsewhere.path().join("keys")).expect("linked");
    assert!(matches!(require(&elsewhere.path().join("keys")), Err(NotPrivate::Foreign { .. })));
}
