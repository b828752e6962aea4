//! Pages that are made from the code. When one is stale: `TWOSTEP_WRITE_DOCS=1 cargo test --test suite architecture::generated`.

use std::fmt::Write;
use std::process::Command;

use twostep::settings::{DEFAULTS, SECRETS};

use super::{read, root};

/// Compares a page with what it must be, or writes it.
#[track_caller]
fn expect_page(name: &str, expected: &str) {
    let path = root().join("docs").join(name);
    if std::env::var_os("TWOSTEP_WRITE_DOCS").is_some() {
        std::fs::write(&path, expected).expect("written");
    }
    let is_current = path.is_file() && read(&path) == expected;
    assert!(is_current, "docs/{name} is stale: TWOSTEP_WRITE_DOCS=1 cargo test --test suite architecture::generated");
}

/// A key of config/default.toml with what is said of it.
struct Key {
    section: String,
    name: String,
    /// `None` where it is unset.
    default: Option<String>,
    said: String,
}

/// The keys in their order. A comment is about all keys that follow it, until an empty line or another comment.
fn keys() -> Vec<Key> {
    let (mut keys, mut section, mut said) = (Vec::new(), String::new(), Vec::<&str>::new());
    let mut after_key = false;
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        }
        let (text, is_unset) = line.strip_prefix("# ").map_or((line, false), |text| (text, true));
        let key = text
            .split_once(" = ")
            .filter(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        match key {
            Some((name, value)) => {
                let default = (!is_unset).then(|| value.to_owned());
                keys.push(Key { section: section.clone(), name: name.to_owned(), default, said: said.join(" ") });
                after_key = true;
            }
            None if is_unset => {
                if after_key {
                    said.clear();
                }
                said.push(text);
                after_key = false;
            }
            None => {
                said.clear();
                after_key = false;
            }
        }
    }
    keys
}

#[test]
fn the_configuration_reference_is_up_to_date() {
    let mut page = String::from(
        "# Configuration\n\nMade from `config/default.toml`, which a test holds to the settings structs. A file of your own (`--config FILE`) goes over\nthe defaults, the environment over both. Unknown keys and values outside their range are refused by name:\n`twostep check-config` says which.\n",
    );
    let mut section = None;
    for key in keys() {
        if section.as_ref() != Some(&key.section) {
            let title =
                if key.section.is_empty() { "Above every section".to_owned() } else { format!("`[{}]`", key.section) };
            let _ =
                write!(page, "\n## {title}\n\n| key | environment | default | meaning |\n| --- | --- | --- | --- |\n");
            section = Some(key.section.clone());
        }
        let path = if key.section.is_empty() { key.name.clone() } else { format!("{}.{}", key.section, key.name) };
        let variable = format!("TWOSTEP__{}", path.replace('.', "__").to_ascii_uppercase());
        let is_secret = SECRETS.iter().any(|secret| secret.key == path);
        let file = if is_secret { format!(", `{variable}_FILE`") } else { String::new() };
        let default = key.default.map_or_else(|| "unset".to_owned(), |value| format!("`{value}`"));
        let said = key.said.replace('|', "\\|");
        let _ = writeln!(page, "| `{path}` | `{variable}`{file} | {default} | {said} |");
    }
    assert!(keys().len() > 70, "{}", keys().len());
    assert!(keys().iter().all(|key| !key.said.is_empty()), "a key without a word");
    expect_page("configuration.md", &page);
}

#[test]
fn the_reference_of_commands_is_up_to_date() {
    let output = Command::new(env!("CARGO_BIN_EXE_twostep")).arg("reference").env("COLUMNS", "100").output();
    let output = output.expect("it runs");
    assert!(output.status.success());
    expect_page("cli.md", &String::from_utf8(output.stdout).expect("UTF-8"));
}
