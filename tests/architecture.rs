//! Guards the shape of the code: which module may know which, what the core must not touch, how long a
//! file may be. A workspace of crates would enforce the same by force; here a test does.
//!
//! Looked at is the code alone: comments, the content of texts, and the tests at the end of a file are
//! left out. Modules that do not exist yet break nothing.
#![expect(clippy::unwrap_used, reason = "a test may fail, and its helpers with it")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where a file is long enough to be split. Not counting its tests.
const MAX_LINES: usize = 450;

/// Whom a module must not know. `*` stands for all others than those after it.
const FORBIDDEN: [(&str, &[&str]); 10] = [
    ("domain", &["*", "domain", "text"]),
    ("text", &["*", "domain", "text"]),
    (
        "source",
        &[
            "target",
            "store",
            "simulator",
            "reconcile",
            "daemon",
            "web",
            "cli",
        ],
    ),
    (
        "target",
        &[
            "source",
            "store",
            "simulator",
            "reconcile",
            "daemon",
            "web",
            "cli",
        ],
    ),
    (
        "store",
        &[
            "source",
            "target",
            "simulator",
            "reconcile",
            "daemon",
            "web",
            "cli",
        ],
    ),
    (
        "simulator",
        &["source", "target", "store", "reconcile", "daemon", "web", "cli"],
    ),
    ("reconcile", &["workplace", "daemon", "web", "cli"]),
    ("workplace", &["daemon", "web", "cli"]),
    ("daemon", &["cli"]),
    ("web", &["cli"]),
];

/// Who may know the settings: those that put the program together. All others declare a section and get
/// it handed over.
const MAY_KNOW_SETTINGS: [&str; 6] = ["main", "lib", "cli", "daemon", "workplace", "settings"];

/// Where a process is entered and left: the program, and the build script.
const ENTRY: [&str; 4] = ["main.rs", "cli.rs", "cli/mod.rs", "link/main.rs"];

/// What the pure core must not touch: I/O, clocks, chance, serialisation, the async world.
const IMPURE: [&str; 25] = [
    "tokio::",
    "tokio_util::",
    "futures_util::",
    "async_trait::",
    "async",
    "sqlx::",
    "reqwest::",
    "axum::",
    "tracing::",
    "config::",
    "serde::",
    "serde_json::",
    "Serialize",
    "Deserialize",
    "fs::",
    "net::",
    "env::",
    "process::",
    "thread::",
    "io::",
    "now(",
    "rand::",
    "fastrand::",
    "println!",
    "eprintln!",
];

/// One file of `src`.
struct Source {
    /// Relative to `src`, with `/`.
    path: String,
    /// Without comments, contents of texts, and tests.
    code: String,
    /// Lines without the tests.
    n_lines: usize,
}

impl Source {
    fn new(path: &str, text: &str) -> Source {
        let text = without_tests(text);
        Source {
            path: path.to_owned(),
            code: code_of(text),
            n_lines: text.lines().count(),
        }
    }

    /// The module right below the crate's root.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How far the file is below the root: that many `super` lead to it.
    fn depth(&self) -> usize {
        let names = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") {
            names - 1
        } else {
            names
        }
    }

    /// The modules right below the root that the file names.
    fn known_modules(&self) -> Vec<&str> {
        let to_root = "super::".repeat(self.depth());
        let mut known = modules_after(&self.code, "crate::");
        known.extend(modules_after(&self.code, &to_root));
        known
    }
}

/// The names that follow a path: one, or those of a group in braces.
fn modules_after<'a>(code: &'a str, path: &str) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(path) {
        let is_whole = !code[..at].ends_with(|it: char| is_word(it) || it == ':');
        let rest = &code[at + path.len()..];
        if !is_whole {
            continue;
        }
        match rest.strip_prefix('{') {
            Some(group) => names.extend(group_heads(group)),
            None => names.push(first_word(rest)),
        }
    }
    names
}

/// The first names of the paths in a group, up to its closing brace.
fn group_heads(group: &str) -> Vec<&str> {
    let mut heads = Vec::new();
    let (mut depth, mut is_head) = (0, true);
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_head = true,
            it if is_head && is_word(it) => {
                heads.push(first_word(&group[at..]));
                is_head = false;
            }
            _ => {}
        }
    }
    heads
}

fn first_word(text: &str) -> &str {
    let end = text.find(|it| !is_word(it)).unwrap_or(text.len());
    &text[..end]
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Whether the code holds the word, not merely as the end of a longer one, or as the begin of one.
fn mentions(code: &str, word: &str) -> bool {
    let ends_in_word = word.ends_with(is_word);
    code.match_indices(word).any(|(at, _)| {
        let goes_on = ends_in_word && code[at + word.len()..].starts_with(is_word);
        !goes_on && !code[..at].ends_with(is_word)
    })
}

/// The text up to the tests at its end.
fn without_tests(text: &str) -> &str {
    let tail = text
        .match_indices("\n#[cfg(test)]\nmod ")
        .map(|(at, _)| at + 1)
        .next();
    &text[..tail.unwrap_or(text.len())]
}

/// The text without comments and without what stands between quotes.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment_len(rest)
        } else if let Some(len) = quoted_len(rest, code.ends_with(is_word)) {
            code.push_str("\"\"");
            len
        } else {
            code.push(char);
            char.len_utf8()
        };
        rest = &rest[len..];
    }
    code
}

/// Length of a comment that may hold others.
fn block_comment_len(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// Length of the text or character that begins here, if one does.
fn quoted_len(text: &str, follows_word: bool) -> Option<usize> {
    if text.starts_with('"') {
        return Some(escaped_len(text, '"'));
    }
    if let Some(rest) = text.strip_prefix('\'') {
        // Otherwise a lifetime.
        let is_char = rest.starts_with('\\') || rest.chars().nth(1) == Some('\'');
        return is_char.then(|| escaped_len(text, '\''));
    }
    let raw = text.strip_prefix('r').filter(|_| !follows_word)?;
    let n_hashes = raw.find(|it| it != '#')?;
    let end = format!("\"{}", "#".repeat(n_hashes));
    let content = raw[n_hashes..].strip_prefix('"')?;
    let before = 1 + n_hashes + 1;
    Some(before + content.find(&end).map_or(content.len(), |at| at + end.len()))
}

/// Length of what stands in such quotes, with them.
fn escaped_len(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
        } else if char == '\\' {
            is_escaped = true;
        } else if char == quote {
            return at + 1;
        }
    }
    text.len()
}

/// All files of `src`, but for those that are tests as a whole.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 10, "the files are not where they were");
    files
        .iter()
        .map(|file| {
            let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
            Source::new(path, &fs::read_to_string(file).unwrap())
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|it| it == "tests") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}

/// What is wrong in a file about the modules that it knows.
fn wrong_imports(source: &Source) -> Vec<String> {
    let module = source.module();
    let forbidden = FORBIDDEN
        .iter()
        .find(|(it, _)| *it == module)
        .map_or(&[][..], |(_, forbidden)| forbidden);
    let is_wrong = |known: &str| {
        let is_settings = known == "settings" && !MAY_KNOW_SETTINGS.contains(&module);
        is_settings
            || match forbidden {
                ["*", allowed @ ..] => !allowed.contains(&known),
                _ => forbidden.contains(&known),
            }
    };
    let known = source.known_modules();
    let wrong = known.into_iter().filter(|it| is_wrong(it));
    wrong
        .map(|it| format!("src/{} knows {it}", source.path))
        .collect()
}

fn wrong_words(source: &Source, words: &[&str]) -> Vec<String> {
    let found = words.iter().filter(|it| mentions(&source.code, it));
    found
        .map(|it| format!("src/{} mentions {it}", source.path))
        .collect()
}

#[track_caller]
fn assert_none(wrong: impl Iterator<Item = String>) {
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let files = sources();
    let core = files.iter().filter(|it| matches!(it.module(), "domain" | "text"));
    assert_none(core.flat_map(|it| wrong_words(it, &IMPURE)));
}

#[test]
fn modules_know_only_those_below_them() {
    assert_none(sources().iter().flat_map(wrong_imports));
}

#[test]
fn only_the_entry_reads_the_environment_and_ends_the_process() {
    let files = sources();
    let inner = files.iter().filter(|it| !ENTRY.contains(&it.path.as_str()));
    assert_none(inner.flat_map(|it| wrong_words(it, &["process::exit", "process::abort", "env::"])));
}

#[test]
fn no_file_is_too_long() {
    let files = sources();
    let long = files.iter().filter(|it| it.n_lines > MAX_LINES);
    assert_none(long.map(|it| format!("src/{} has {} lines; split it", it.path, it.n_lines)));
}

#[test]
fn a_forbidden_import_is_seen_however_it_is_written() {
    for (path, code) in [
        ("domain/plan.rs", "use crate::store::Store;"),
        (
            "source/mod.rs",
            "use crate::{domain::{user, phone}, target::Answer};",
        ),
        ("source/rows.rs", "fn f() { crate::reconcile::run(); }"),
        ("source/sqlite/file.rs", "use super::super::super::store::Store;"),
        ("source/mod.rs", "use super::settings;"),
        ("target/http.rs", "use crate::settings::Http;"),
        ("web/mod.rs", "use crate::settings;"),
        ("simulator/mod.rs", "use crate::target::Meaning;"),
    ] {
        assert_eq!(wrong_imports(&Source::new(path, code)).len(), 1, "{path}: {code}");
    }
    for (path, code) in [
        (
            "source/rows.rs",
            "use super::store::x; use crate::{domain::store, text};",
        ),
        ("cli/mod.rs", "use crate::settings;"),
        (
            "domain/plan.rs",
            "// crate::store\nconst A: &str = \"crate::store\";",
        ),
        (
            "target/http.rs",
            "\n#[cfg(test)]\nmod tests { use crate::simulator; }",
        ),
        ("reconcile/mod.rs", "use crate::{source, store, target};"),
    ] {
        assert_eq!(wrong_imports(&Source::new(path, code)), [""; 0], "{path}: {code}");
    }
}

#[test]
fn words_are_looked_for_in_the_code_alone() {
    let code = |text| code_of(text);
    assert_eq!(
        code("a // b\n/* c /* d */ */ e \"f \\\" g\" 'h' '\\'' r#\"i\"j\"# 'k: k"),
        "a \n e \"\" \"\" \"\" \"\" 'k: k"
    );
    assert!(mentions("async fn f()", "async"));
    assert!(mentions("use std::fs::File;", "fs::"));
    assert!(mentions("Utc::now()", "now("));
    assert!(!mentions("asynchronous", "async"));
    assert!(!mentions("offs::x", "fs::"));
}
