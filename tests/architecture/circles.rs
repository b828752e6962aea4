//! Files that import one another, directly or over others: who changes one of them must know all. Only those on the list may.
//!
//! What a file imports from its parent is followed to the file where it is defined, so a `mod.rs` that only passes names on is in no
//! circle with those that it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{files, read, root};

/// Circles that are one thing in several files.
const ALLOWED: &[&[&str]] = &[
    // The user actor: its messages name its address, and its parts are methods of it.
    &["actors/messages", "actors/user", "actors/user/codes", "actors/user/connections"],
    // The bytes of a connection, and the request heads that are gathered ahead in them.
    &["stream", "whole_heads"],
    // The actor of a connection, and the line that drives it.
    &["websocket/connection", "websocket/transport"],
];

type Path = Vec<String>;

struct Import {
    path: Path,
    /// The name that it has here.
    name: String,
    /// `pub use`: for others.
    is_passed_on: bool,
}

/// A file below `src/`: its module, and what it names.
struct File {
    module: Path,
    /// Paths in `use` declarations, from the crate's root.
    imports: Vec<Import>,
    /// Other paths.
    names: Vec<Path>,
    /// What it defines.
    defines: BTreeSet<String>,
}

/// Every crate of the workspace, by the folder of its sources.
const CRATES: &[&str] = &[
    "src",
    "crates/front/src",
    "crates/private-file/src",
    "crates/private-postgres/src",
    "loadtest/src",
    "simulators/src",
];

#[test]
fn files_that_import_one_another_are_on_the_list() {
    let circles: BTreeSet<BTreeSet<String>> = CRATES.iter().flat_map(|sources| circles_of(sources)).collect();
    let allowed: BTreeSet<BTreeSet<String>> =
        ALLOWED.iter().map(|circle| circle.iter().map(|file| (*file).to_owned()).collect()).collect();
    assert_eq!(circles, allowed, "open the circle: move what both need into a file of its own");
}

/// The circles among the files of a crate.
fn circles_of(sources: &str) -> BTreeSet<BTreeSet<String>> {
    let files = all(sources);
    let places: BTreeMap<&[String], usize> =
        files.iter().enumerate().map(|(place, file)| (file.module.as_slice(), place)).collect();
    let imports: Vec<BTreeSet<usize>> = files
        .iter()
        .enumerate()
        .map(|(place, file)| {
            let paths =
                file.imports.iter().filter(|import| !import.is_passed_on).map(|import| &import.path).chain(&file.names);
            paths.filter_map(|path| defining(&files, &places, path, 0)).filter(|other| *other != place).collect()
        })
        .collect();
    let reached: Vec<BTreeSet<usize>> = (0..files.len()).map(|place| reach(&imports, place)).collect();
    let mut circles = BTreeSet::new();
    for (place, others) in reached.iter().enumerate() {
        let circle: BTreeSet<String> =
            others.iter().filter(|other| reached[**other].contains(&place)).map(|other| name(&files[*other])).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles
}

fn name(file: &File) -> String {
    file.module.join("/")
}

fn reach(imports: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(place) = open.pop() {
        for next in &imports[place] {
            if reached.insert(*next) {
                open.push(*next);
            }
        }
    }
    reached
}

/// The file that defines what a path names.
fn defining(files: &[File], places: &BTreeMap<&[String], usize>, path: &[String], depth: usize) -> Option<usize> {
    let length = (1..=path.len()).rev().find(|length| places.contains_key(&path[..*length]))?;
    let place = places[&path[..length]];
    let (file, Some(item)) = (&files[place], path.get(length)) else { return Some(place) };
    if file.defines.contains(item) || depth > 8 {
        return Some(place);
    }
    let passed_on = file.imports.iter().find(|import| import.name == *item).map(|import| import.path.clone());
    let star = || {
        let stars = file.imports.iter().filter(|import| import.name == "*").map(|import| &import.path);
        let mut holders =
            stars.filter(|star| places.get(star.as_slice()).is_some_and(|place| files[*place].defines.contains(item)));
        holders.next().map(|star| [star.as_slice(), std::slice::from_ref(item)].concat())
    };
    match passed_on.or_else(star) {
        Some(further) if further.as_slice() != path => defining(files, places, &further, depth + 1),
        _ => Some(place),
    }
}

fn all(folder: &str) -> Vec<File> {
    let sources = root().join(folder);
    let mut all: Vec<(Path, String)> = Vec::new();
    for path in files(folder, "rs") {
        let relative = path.strip_prefix(&sources).expect("below src").with_extension("");
        let mut module: Path = relative.iter().map(|part| part.to_str().expect("UTF-8").to_owned()).collect();
        if module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        if !matches!(module.join("/").as_str(), "lib" | "main") && module.last().is_some_and(|last| last != "tests") {
            all.push((module, without_tests_and_texts(&read(&path))));
        }
    }
    let modules: BTreeSet<Path> = all.iter().map(|(module, _)| module.clone()).collect();
    all.iter().map(|(module, text)| parse(module, text, &modules)).collect()
}

fn parse(module: &Path, text: &str, modules: &BTreeSet<Path>) -> File {
    let (mut imports, mut names, mut rest) = (Vec::new(), Vec::new(), String::new());
    let mut from = 0;
    for (at, _) in text.match_indices("use ") {
        let is_word = !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        if at < from || !is_word {
            continue;
        }
        let is_passed_on = text[text[..at].rfind('\n').map_or(0, |line| line + 1)..at].trim_start().starts_with("pub");
        let end = at + text[at..].find(';').expect("a use declaration ends");
        rest.push_str(&text[from..at]);
        let mut leaves = Vec::new();
        leaves_of(&text[at + 4..end], &[], &mut leaves);
        for (path, alias) in leaves {
            if let Some(path) = absolute(module, &path, modules) {
                let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
                let path = if name == "*" { path[..path.len() - 1].to_vec() } else { path };
                imports.push(Import { path, name, is_passed_on });
            }
        }
        from = end + 1;
    }
    rest.push_str(&text[from..]);
    let is_part = |character: char| character.is_alphanumeric() || character == '_' || character == ':';
    for written in rest.replace("pub(in crate::", "pub(").split(|character: char| !is_part(character)) {
        if written.contains("::") && !written.starts_with(':') {
            let path: Path = written.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
            names.extend(absolute(module, &path, modules));
        }
    }
    let mut defines = BTreeSet::new();
    let words: Vec<&str> = rest.split(|character: char| !(character.is_alphanumeric() || character == '_')).collect();
    let kinds = ["struct", "enum", "fn", "const", "type", "static", "trait", "mod"];
    for pair in words.windows(2).filter(|pair| kinds.contains(&pair[0])) {
        defines.insert(pair[1].to_owned());
    }
    File { module: module.clone(), imports, names, defines }
}

fn parts(path: &str) -> impl Iterator<Item = String> {
    path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty())
}

/// The paths of a `use` tree, each with its alias.
fn leaves_of(tree: &str, before: &[String], leaves: &mut Vec<(Path, Option<String>)>) {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let before: Path = before.iter().cloned().chain(parts(head)).collect();
        let group = &group[..group.rfind('}').expect("a closed group")];
        let (mut depth, mut from) = (0, 0);
        for (at, character) in group.char_indices().chain([(group.len(), ',')]) {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    if !group[from..at].trim().is_empty() {
                        leaves_of(&group[from..at], &before, leaves);
                    }
                    from = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (path, alias) = match tree.split_once(" as ") {
        Some((path, alias)) => (path, Some(alias.trim().to_owned())),
        None => (tree, None),
    };
    let mut path: Path = before.iter().cloned().chain(parts(path)).collect();
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    leaves.push((path, alias));
}

/// A path from the crate's root; `None` for what is not ours.
fn absolute(module: &[String], path: &[String], modules: &BTreeSet<Path>) -> Option<Path> {
    let first = path.first()?.as_str();
    let ups = path.iter().take_while(|part| *part == "super").count();
    match first {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat()),
        child => {
            let below = [module, &[child.to_owned()]].concat();
            modules.contains(&below).then(|| [module, path].concat())
        }
    }
}

/// A source without comments, texts and what is compiled for tests only.
fn without_tests_and_texts(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().expect("a first part");
    let mut kept = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        let mut is_text = false;
        let mut before = ' ';
        for character in line.chars() {
            if character == '"' && before != '\\' && before != '\'' {
                is_text = !is_text;
            } else if !is_text {
                kept.push(character);
            }
            before = character;
        }
        kept.push('\n');
    }
    kept
}
