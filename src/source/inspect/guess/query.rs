//! The query for a table of which only the names of its columns are known.

use super::super::sql::{plain_or_quoted, table_name};
use super::super::{Field, Inspector, Table};
use super::words::{NEGATIVE, is_of};
use super::{Candidate, Picked};
use crate::domain::employee::says_active;
use crate::source::preset::literal;
use crate::source::{Database, SourceError};
use crate::text::printable;

/// A column with more values than this is no status.
const MAX_VALUES: usize = 24;

/// Longest value of a status that is shown.
const MAX_VALUE_CHARS: usize = 40;

/// A query to begin with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sketch {
    /// The query; comments say what to look at.
    pub query: String,
    /// Whether it says of anybody that they are not active.
    pub has_active: bool,
}

/// Writes a query for a table, after a look at what its status holds.
///
/// # Errors
/// If the database is not to be reached.
pub async fn sketch(inspector: &Inspector, candidate: &Candidate) -> Result<Sketch, SourceError> {
    let values = match &candidate.columns.active {
        Some(column) => match inspector.values(&candidate.table, column, MAX_VALUES).await {
            Ok(values) => values.into_iter().map(|(value, _)| value).collect(),
            // Values without a plain text; whoever reads the query will know them.
            Err(SourceError::Unusable { .. }) => Vec::new(),
            Err(err) => return Err(err),
        },
        None => Vec::new(),
    };
    Ok(written(candidate, &values, inspector.database()))
}

/// One line of the query, and what to look at there.
struct Line {
    sql: String,
    about: Option<String>,
}

pub(super) fn written(candidate: &Candidate, values: &[Option<String>], database: Database) -> Sketch {
    let Candidate { table, columns, .. } = candidate;
    let Picked {
        id,
        name,
        phones,
        email,
        active,
        role,
    } = columns;
    let column = |it: &str| plain_or_quoted(it, database);
    let mut lines = vec![
        Line {
            sql: named(&column(id), "id"),
            about: Some("has to stay the same for a person for ever".to_owned()),
        },
        name_of(name, database),
    ];
    for (phone, place) in phones.iter().zip(["phone", "phone2", "phone3"]) {
        let about =
            (place == "phone").then_some("the first valid one counts; a private one should not be here");
        lines.push(Line {
            sql: named(&column(phone), place),
            about: about.map(str::to_owned),
        });
    }
    if let Some(email) = email {
        let sql = named(&column(email), "email");
        lines.push(Line { sql, about: None });
    }
    if let Some(field) = active.as_deref().and_then(|it| table.column(it)) {
        lines.push(active_of(field, values, database));
    }
    if let Some(role) = role {
        lines.push(Line {
            sql: named(&column(role), "role"),
            about: Some("several are separated by |".to_owned()),
        });
    }
    Sketch {
        query: select(&lines, table, active.is_some(), database),
        has_active: active.is_some(),
    }
}

fn select(lines: &[Line], table: &Table, has_active: bool, database: Database) -> String {
    let mut query = String::from("SELECT ");
    for (idx, Line { sql, about }) in lines.iter().enumerate() {
        let comma = if idx + 1 < lines.len() { "," } else { "" };
        let about = about.as_ref().map(|it| format!(" -- {it}")).unwrap_or_default();
        let indent = if idx == 0 { "" } else { "       " };
        query.push_str(&format!("{indent}{sql}{comma}{about}\n"));
    }
    query.push_str(&format!("  FROM {}\n", table_name(table, database)));
    query.push_str(
        " -- WHERE … leave out whoever is no employee: technical users, users of customers, of other firms",
    );
    if !has_active {
        query.push_str(
            "\n -- No column tells who has left. Whose row is gone has left; if rows stay, add one that is 1 or 0:\n \
             -- CASE WHEN … THEN 1 ELSE 0 END AS active",
        );
    }
    query
}

fn named(sql: &str, name: &str) -> String {
    if sql == name {
        sql.to_owned()
    } else {
        format!("{sql} AS {name}")
    }
}

fn name_of(parts: &[String], database: Database) -> Line {
    let columns: Vec<String> = parts.iter().map(|it| plain_or_quoted(it, database)).collect();
    let sql = match (columns.as_slice(), database) {
        ([one], _) => named(one, "name"),
        (_, Database::Sqlite) => {
            let parts: Vec<String> = columns.iter().map(|it| format!("COALESCE({it}, '')")).collect();
            format!("TRIM({}) AS name", parts.join(" || ' ' || "))
        }
        (_, Database::Postgres | Database::MySql) => {
            format!("CONCAT_WS(' ', {}) AS name", columns.join(", "))
        }
    };
    Line {
        sql,
        about: Some("as it shall stand on the platform".to_owned()),
    }
}

/// Whether somebody is still there, as far as the values tell.
fn active_of(field: &Field, values: &[Option<String>], database: Database) -> Line {
    let column = plain_or_quoted(&field.name, database);
    let case = |condition: String| format!("CASE WHEN {condition} THEN 1 ELSE 0 END AS active");
    if is_moment(&field.kind) {
        return Line {
            sql: case(format!("{column} IS NULL")),
            about: Some("whoever has a date here has left; a date to come would count too".to_owned()),
        };
    }
    if is_of(&field.name, NEGATIVE) {
        let condition = if field.kind == "boolean" && database == Database::Postgres {
            format!("{column} IS NOT TRUE")
        } else {
            format!("COALESCE({column}, 0) = 0")
        };
        return Line {
            sql: case(condition),
            about: Some(held(values)),
        };
    }
    let texts: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
    let is_plain = values.iter().all(Option::is_some) && texts.iter().all(|it| says_active(it).is_some());
    let sql = match texts.iter().find(|it| says_active(it) == Some(true)) {
        Some(word) if !is_plain && !word.bytes().all(|it| it.is_ascii_digit()) && field.kind != "boolean" => {
            case(format!("{column} = {}", readable_literal(word, database)))
        }
        // Words that nobody understands set the rows aside, and the report says so.
        _ => named(&column, "active"),
    };
    let about = if is_plain && !texts.is_empty() {
        held(values)
    } else {
        format!(
            "{}; 1 or 0 is wanted: CASE WHEN {column} = … THEN 1 ELSE 0 END",
            held(values)
        )
    };
    Line {
        sql,
        about: Some(about),
    }
}

/// A word in quotes; the way that is safe for every text is hard to read in some databases.
fn readable_literal(word: &str, database: Database) -> String {
    if word.chars().all(|it| it.is_ascii_alphanumeric() || it == ' ') {
        format!("'{word}'")
    } else {
        literal(word, database)
    }
}

fn is_moment(kind: &str) -> bool {
    ["date", "time"].iter().any(|it| kind.contains(it))
}

/// What a column holds, for people.
fn held(values: &[Option<String>]) -> String {
    if values.is_empty() {
        return "look at what it holds".to_owned();
    }
    let one = |value: &Option<String>| match value {
        None => "NULL".to_owned(),
        Some(text) => {
            let text: String = printable(text).chars().take(MAX_VALUE_CHARS).collect();
            format!("{text:?}")
        }
    };
    let mut shown: Vec<String> = values.iter().take(6).map(one).collect();
    if values.len() > 6 {
        shown.push("…".to_owned());
    }
    format!("holds {}", shown.join(", "))
}
