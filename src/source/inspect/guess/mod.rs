//! Which table of an unknown CRM may hold employees, and a query for it to begin with.
//!
//! Nothing is known for certain here: columns are told by their names, tables by their columns and the number of
//! their rows. So the query says at each line what to look at, and who runs the CRM decides.

use super::{Catalogue, Inspector, Table};
use crate::source::SourceError;

mod query;
mod words;

pub use self::query::{Sketch, sketch};
use self::words::{find, find_all, is_of};

/// So many tables are counted: each is a question to the database.
const MAX_COUNTED: usize = 12;

/// More employees than an account of any platform has seats; a table with more rows is one of customers.
pub const MANY_ROWS: usize = 20_000;

/// A table that may hold employees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The table.
    pub table: Table,
    /// Number of rows, up to one more than [`MANY_ROWS`]; none if it could not be counted.
    pub n_rows: Option<usize>,
    /// What its columns may mean.
    pub columns: Picked,
}

/// Columns by what they may mean.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Picked {
    /// What tells rows apart.
    pub id: String,
    /// One column with the name, or its parts, first name first.
    pub name: Vec<String>,
    /// Up to three, the best first.
    pub phones: Vec<String>,
    /// The e-mail.
    pub email: Option<String>,
    /// What tells whether somebody is still there.
    pub active: Option<String>,
    /// What the person may do or does.
    pub role: Option<String>,
}

impl Picked {
    /// All picked columns, in the order of a query.
    pub fn names(&self) -> Vec<&str> {
        let Picked {
            id,
            name,
            phones,
            email,
            active,
            role,
        } = self;
        let several = std::iter::once(id).chain(name).chain(phones);
        several
            .chain(email)
            .chain(active)
            .chain(role)
            .map(String::as_str)
            .collect()
    }
}

/// The tables that may hold employees, the likeliest first.
///
/// # Errors
/// If the database is not to be reached while rows are counted.
pub async fn candidates(inspector: &Inspector, catalogue: &Catalogue) -> Result<Vec<Candidate>, SourceError> {
    let mut found: Vec<Candidate> = catalogue
        .tables
        .iter()
        .filter_map(|table| {
            let candidate = candidate(table)?;
            (looks_like_people(&candidate) && score(&candidate) > 0).then_some(candidate)
        })
        .collect();
    rank(&mut found);
    for candidate in found.iter_mut().take(MAX_COUNTED) {
        match inspector.count(&candidate.table, MANY_ROWS).await {
            Ok(n) => candidate.n_rows = Some(n),
            // A table that can't be counted can't be read either, and others may.
            Err(SourceError::Unusable { .. }) => {}
            Err(err) => return Err(err),
        }
    }
    rank(&mut found);
    Ok(found)
}

/// The table, if it has at least what every employee needs.
pub fn candidate(table: &Table) -> Option<Candidate> {
    let columns = pick(table)?;
    Some(Candidate {
        table: table.clone(),
        n_rows: None,
        columns,
    })
}

/// Whether there is more than an id and a name, which every table has.
fn looks_like_people(candidate: &Candidate) -> bool {
    let Candidate { table, columns, .. } = candidate;
    let is_called_so = is_of(&table.name, words::STAFF) || is_of(&table.name, words::USERS);
    is_called_so || !columns.phones.is_empty() || columns.email.is_some() || columns.name.len() > 1
}

fn rank(found: &mut [Candidate]) {
    found.sort_by(|one, other| {
        let by_score = score(other).cmp(&score(one));
        by_score.then_with(|| one.table.shown().cmp(&other.table.shown()))
    });
}

/// How much a table looks like one of employees.
fn score(candidate: &Candidate) -> i32 {
    let Picked {
        id: _,
        name,
        phones,
        email,
        active,
        role,
    } = &candidate.columns;
    let mut score = if name.len() > 1 { 3 } else { 2 };
    for (is_there, weight) in [
        (!phones.is_empty(), 4),
        (email.is_some(), 2),
        (active.is_some(), 3),
        (role.is_some(), 1),
    ] {
        score += if is_there { weight } else { 0 };
    }
    if is_of(&candidate.table.name, words::STAFF) {
        score += 6;
    } else if is_of(&candidate.table.name, words::USERS) {
        score += 3;
    }
    if is_of(&candidate.table.name, words::OTHERS) {
        score -= 6;
    }
    match candidate.n_rows {
        Some(0) => score - 5,
        Some(n) if n > MANY_ROWS => score - 6,
        Some(_) | None => score,
    }
}

/// What the columns of a table may mean, if it has at least what every employee needs.
fn pick(table: &Table) -> Option<Picked> {
    let readable: Vec<&str> = table
        .columns
        .iter()
        .filter(|it| it.is_readable)
        .map(|it| it.name.as_str())
        .collect();
    let own_id = own_id(table, &readable);
    let id = own_id.or_else(|| find(&readable, words::ID))?;
    let parts = [words::FIRST_NAME, words::LAST_NAME].map(|it| find(&readable, it));
    let name = match (find(&readable, words::NAME), parts) {
        (_, [Some(first), Some(last)]) => vec![first, last],
        (Some(name), _) => vec![name],
        (None, [first, last]) => vec![first.or(last).or_else(|| find(&readable, words::LOGIN))?],
    };
    let owned = |it: &str| it.to_owned();
    let mut phones = find_all(&readable, words::PHONE);
    phones.retain(|it| !is_of(it, words::NO_PHONE));
    phones.truncate(3);
    Some(Picked {
        id: owned(id),
        name: name.into_iter().map(owned).collect(),
        phones: phones.into_iter().map(owned).collect(),
        email: find(&readable, words::EMAIL).map(owned),
        active: find(&readable, words::ACTIVE).map(owned),
        role: find(&readable, words::ROLE).map(owned),
    })
}

/// The column that is called `id`, or as the table is and `id`: `employee_id` of `employees`.
fn own_id<'a>(table: &Table, columns: &[&'a str]) -> Option<&'a str> {
    let plain = |it: &str| words::plain(it);
    let stem = plain(&table.name);
    let singular = stem.strip_suffix('s').unwrap_or(&stem);
    let names = ["id".to_owned(), format!("{singular}id"), format!("{stem}id")];
    names
        .iter()
        .find_map(|name| columns.iter().copied().find(|it| plain(it) == *name))
}

#[cfg(test)]
mod tests;
