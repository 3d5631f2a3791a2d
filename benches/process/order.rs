//! Writes the order of functions for the linker: those that a run with nothing to do executes, then those
//! that a first sync executes besides.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;

/// Of a longer name, the beginning is enough to tell it.
const MAX_NAME: usize = 100;

/// What was executed in either kind of run: see [`executed`].
#[derive(Default)]
pub struct Order {
    /// In a run with nothing to do.
    pub quiet: BTreeSet<String>,
    /// In a first sync.
    pub sync: BTreeSet<String>,
}

impl Order {
    /// The script for the linker.
    pub fn script(&self) -> String {
        let mut text = "/* Functions that are executed together, side by side. Written by\n   \
            `cargo bench --bench process -- --order src/link/order.ld`; see main.rs. */\n\
            SECTIONS\n{\n  .text :\n  {\n    /* A run with nothing to do. */\n"
            .to_owned();
        let quiet = patterns(&self.quiet);
        push_lines(&mut text, &quiet);
        text.push_str("    /* A first sync. */\n");
        let mut sync = patterns(&self.sync);
        sync.retain(|it| !quiet.contains(it));
        push_lines(&mut text, &sync);
        text.push_str("    /* All others. */\n    *(.text .text.*)\n  }\n}\nINSERT AFTER .init;\n");
        text
    }
}

fn push_lines(text: &mut String, patterns: &BTreeSet<String>) {
    for pattern in patterns {
        // What the compiler takes for unlikely it sets apart, and some of it is executed in every run.
        // Writing to a String can't fail.
        let _ = writeln!(text, "    *(.text.{pattern} .text.unlikely.{pattern})");
    }
}

/// The symbols of a program that a callgrind file lists. Names and objects are written once, and after
/// that meant by number.
pub fn executed(callgrind: &str, program: &Path) -> BTreeSet<String> {
    let mut objects = HashMap::new();
    let mut functions = HashMap::new();
    let mut is_ours = false;
    let mut found = BTreeSet::new();
    for line in callgrind.lines() {
        let Some((what, rest)) = line.split_once("=(") else {
            continue;
        };
        let Some((number, name)) = rest.split_once(')') else {
            continue;
        };
        let names = match what {
            "ob" | "cob" => &mut objects,
            "fn" | "cfn" => &mut functions,
            _ => continue,
        };
        if let Some(name) = name.strip_prefix(' ') {
            names.insert(number, name);
        }
        let name = names.get(number).copied().unwrap_or_default();
        if what == "ob" {
            is_ours = Path::new(name) == program;
        } else if what == "fn" && is_ours {
            // A recursive call counts as a function of its own, with a mark and the depth behind the name.
            found.insert(name.split('\'').next().unwrap_or_default().to_owned());
        }
    }
    found
}

/// Names as the linker is to look for them: without what changes from one compiler to the next.
fn patterns(names: &BTreeSet<String>) -> BTreeSet<String> {
    let is_name = |name: &&String| {
        let is_part = |it: u8| it.is_ascii_alphanumeric() || b"_.$".contains(&it);
        !name.starts_with(|it: char| it.is_ascii_digit()) && name.bytes().all(is_part)
    };
    names.iter().filter(is_name).map(|name| pattern(name)).collect()
}

fn pattern(name: &str) -> String {
    // Behind the dot stands what the compiler adds when it copies or splits a function.
    let stem = without_hashes(name.split('.').next().unwrap_or_default());
    format!("{}*", &stem[..stem.len().min(MAX_NAME)])
}

/// A name with `*` for the hash of each crate, which stands behind `Cs` and before `_`, to the base 62.
fn without_hashes(name: &str) -> String {
    const HASH: std::ops::RangeInclusive<usize> = 6..=12;
    let mut text = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once("Cs") {
        text.push_str(before);
        text.push_str("Cs");
        let n_digits = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
        rest = after;
        if HASH.contains(&n_digits) && after[n_digits..].starts_with('_') {
            text.push('*');
            rest = &after[n_digits..];
        }
    }
    text.push_str(rest);
    text
}
