//! Statements over many rows: one statement for up to [`FULL`] of them.
//!
//! Row by row, most of the time goes into the way to the connection's thread and back. Bound values carry
//! any text unharmed, which SQLite's JSON functions do not (they end a text at NUL).

use std::collections::VecDeque;
use std::fmt::Write as _;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{AssertSqlSafe, Sqlite};

use crate::domain::user::UserId;

/// A statement that awaits values.
pub(super) type Bound = Query<'static, Sqlite, SqliteArguments>;

/// Most rows in one statement: those of a full request. 100 rows of 12 columns stay far below SQLite's limit of 32,766
/// values. Statements over just so many are kept prepared (sqlx keeps them by text), others are used once.
pub(super) const FULL: usize = 100;

/// Rows in the order of the tables, whose keys are ids as text, while [`UserId`] orders as people count. So
/// each lands behind the one before it, on a page that is filled and not split. Rows of one user keep their order.
pub(super) fn by_key<T>(rows: impl IntoIterator<Item = T>, id: impl Fn(&T) -> &UserId) -> Vec<T> {
    let mut rows: Vec<T> = rows.into_iter().collect();
    rows.sort_by(|one, other| id(one).as_str().cmp(id(other).as_str()));
    rows
}

/// A statement around a list of rows: `head VALUES (…), (…) tail`.
pub(super) struct Bulk {
    /// What stands before the rows.
    pub(super) head: &'static str,
    /// Values in each row.
    pub(super) n_columns: usize,
    /// What stands after the rows.
    pub(super) tail: &'static str,
}

impl Bulk {
    /// Runs the statement over all items; `bind` binds the values of one, in order.
    pub(super) async fn run<T>(
        &self,
        conn: &mut SqliteConnection,
        items: impl IntoIterator<Item = T>,
        bind: impl Fn(Bound, T) -> Bound,
    ) -> sqlx::Result<u64> {
        let mut items: VecDeque<T> = items.into_iter().collect();
        let mut n_affected = 0;
        while !items.is_empty() {
            let n_rows = items.len().min(FULL);
            let query = sqlx::query(AssertSqlSafe(self.text(n_rows))).persistent(n_rows == FULL);
            let query = items.drain(..n_rows).fold(query, &bind);
            n_affected += query.execute(&mut *conn).await?.rows_affected();
        }
        Ok(n_affected)
    }

    /// The statement for so many rows.
    pub(super) fn text(&self, n_rows: usize) -> String {
        let Bulk {
            head,
            n_columns,
            tail,
        } = self;
        let mut row = "(?".to_owned();
        row.extend(std::iter::repeat_n(", ?", n_columns.saturating_sub(1)));
        row.push(')');
        let mut text = String::with_capacity(head.len() + n_rows * (row.len() + 2) + tail.len() + 16);
        // Writing to a String can't fail.
        let _ = write!(text, "{head} VALUES {row}");
        for _ in 1..n_rows {
            text.push_str(", ");
            text.push_str(&row);
        }
        let _ = write!(text, " {tail}");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_a_place_for_each_value_of_each_row() {
        let bulk = Bulk {
            head: "DELETE FROM t WHERE (a, b) IN (",
            n_columns: 2,
            tail: ")",
        };
        assert_eq!(bulk.text(1), "DELETE FROM t WHERE (a, b) IN ( VALUES (?, ?) )");
        assert_eq!(
            bulk.text(2),
            "DELETE FROM t WHERE (a, b) IN ( VALUES (?, ?), (?, ?) )"
        );
    }
}
