//! What the scripts of the page never do.

use super::{files, read};

/// Every line of the scripts, with the name of its file.
fn lines() -> Vec<(String, String)> {
    let scripts = files("web", "js").into_iter().chain(files("web", "html"));
    let lines = scripts.flat_map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        read(&path).lines().map(|line| (name.clone(), line.to_owned())).collect::<Vec<_>>()
    });
    lines.collect()
}

#[test]
fn nothing_that_somebody_wrote_is_ever_taken_for_html_or_a_script() {
    let dangerous = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "createContextualFragment",
        "document.write",
        "srcdoc",
        "eval(",
        "new Function",
        "javascript:",
        "postMessage",
    ];
    for (file, line) in lines() {
        let found = dangerous.iter().find(|word| line.contains(**word));
        assert!(found.is_none(), "{file} has {found:?}: {line}");
    }
}

#[test]
fn passwords_are_hidden_and_their_managers_are_welcome() {
    let lines = lines();
    let fields: Vec<_> =
        lines.iter().filter(|(_, line)| line.contains(r#"h("input""#) && line.contains("password\"")).collect();
    let which = "sign in or create, turn off, two to change it, one by a link, for recovery codes, an authenticator app, another address, and the operator's token";
    assert_eq!(fields.len(), 9, "{which}: {fields:?}");
    for (file, line) in fields {
        assert!(line.contains(r#"type: "password""#), "{file} shows a password: {line}");
        assert!(line.contains("\"current-password\"") || line.contains("\"new-password\""), "{file}: {line}");
    }
    // Each recovery code is good once: a browser that offered it again would keep a secret for nothing.
    let is_from_paper = |line: &str| line.contains(r#"id: "recovery-code""#);
    for (file, line) in lines.iter().filter(|(_, line)| !is_from_paper(line)) {
        let line = line.to_lowercase();
        let hinders = ["paste", r#"autocomplete: "off""#, "contextmenu"].iter().any(|word| line.contains(word));
        assert!(!hinders, "{file} keeps somebody from filling a field in: {line}");
    }
}
