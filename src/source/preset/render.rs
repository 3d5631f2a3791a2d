//! Puts arguments into the text of a query, so that each stays what it is: a name or a value.
//!
//! A parameter stands in braces. Where it is an identifier, the letters that follow at once belong to the
//! name: `{table_prefix}user` becomes `"llx_user"`.
//!
//! Whatever an argument holds, and however the server is set up, it can't end the name or the value that it
//! is part of:
//!
//! - names are quoted, and a quote within is doubled; no setting of any database changes that;
//! - whole numbers and UUIDs are written from the parsed value, so they hold digits, `a`–`f` and `-` only;
//! - a text in PostgreSQL is an `E'…'`, in which a backslash is an escape under every setting (in `'…'`,
//!   `standard_conforming_strings` decides), with backslashes and quotes doubled;
//! - a text in MySQL is written in hex digits, since `NO_BACKSLASH_ESCAPES` changes what `'…'` means; it is
//!   a literal like one in quotes, and so gives way to the collation of the column it is compared with;
//! - a text in SQLite is a `'…'` with quotes doubled, where nothing is an escape.
//!
//! Control characters, zero among them, come into no argument.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::super::Database;
use super::params::{Argument, Arguments, Param, ParamKind};
use crate::text::hex;

/// A part of the text of a query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Piece<'a> {
    /// As it is.
    Sql(&'a str),
    /// A parameter, and the letters that follow it at once.
    Param { name: &'a str, rest: &'a str },
}

/// Looks whether the query uses just the parameters that there are, and rightly; notes how long names become.
pub(super) fn check(query: &str, params: &mut BTreeMap<String, Param>) -> Result<(), String> {
    let mut unused: BTreeSet<String> = params.keys().cloned().collect();
    for piece in pieces(query) {
        let Piece::Param { name, rest } = piece else {
            continue;
        };
        let Some(param) = params.get_mut(name) else {
            return Err(format!("the query has the unknown parameter {{{name}}}"));
        };
        if param.kind != ParamKind::Identifier && !rest.is_empty() {
            return Err(format!("{{{name}}} is a value, and `{rest}` follows it at once"));
        }
        param.longest_rest = param.longest_rest.max(rest.len());
        unused.remove(name);
    }
    match unused.first() {
        Some(name) => Err(format!("the query does not use {{{name}}}")),
        None => Ok(()),
    }
}

/// The query with its arguments.
pub(super) fn render(query: &str, database: Database, arguments: &Arguments) -> String {
    let parts = pieces(query).into_iter().map(|piece| match piece {
        Piece::Sql(sql) => Cow::from(sql),
        Piece::Param { name, rest } => {
            let argument = arguments
                .get(name)
                .expect("a preset declares each parameter of its queries, and there is an argument for each");
            Cow::from(written(argument, rest, database))
        }
    });
    parts.collect()
}

/// An argument in the words of a database.
fn written(argument: &Argument, rest: &str, database: Database) -> String {
    match argument {
        Argument::Identifier(name) => identifier(&format!("{name}{rest}"), database),
        Argument::Integer(number) => number.to_string(),
        Argument::Uuid(uuid) => format!("'{uuid}'"),
        Argument::Text(text) => literal(text, database),
    }
}

/// A name in quotes, so that it is nothing but a name.
pub fn identifier(name: &str, database: Database) -> String {
    match database {
        Database::MySql => format!("`{}`", name.replace('`', "``")),
        Database::Postgres | Database::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A text in quotes, so that it is nothing but a text.
pub fn literal(text: &str, database: Database) -> String {
    match database {
        Database::Postgres => format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        Database::MySql => {
            let digits: String = hex(text.as_bytes());
            format!("_utf8mb4 X'{digits}'")
        }
        Database::Sqlite => format!("'{}'", text.replace('\'', "''")),
    }
}

/// The parts of a query, in order. Braces that hold no name of a parameter are SQL: those of a JSON text,
/// say.
fn pieces(query: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = query;
    while let Some((before, name, after)) = next_param(rest) {
        let end = after.find(|it| !is_word(it)).unwrap_or(after.len());
        let (word, sql) = after.split_at(end);
        pieces.extend([Piece::Sql(before), Piece::Param { name, rest: word }]);
        rest = sql;
    }
    pieces.push(Piece::Sql(rest));
    pieces
}

/// The next parameter, with what stands before and after it.
fn next_param(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('{').find_map(|(start, _)| {
        let inner = &text[start + 1..];
        let end = inner.find(|it| !is_word(it)).filter(|end| *end > 0)?;
        let after = inner[end..].strip_prefix('}')?;
        Some((&text[..start], &inner[..end], after))
    })
}

fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}
