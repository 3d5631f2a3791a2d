//! Rows that can't matter to a plan yet, kept as they came.
//!
//! A table may have a hundred times as many employees as an account has seats. To make an employee and a
//! change of each would take far more memory than the rows themselves, and nothing would come of it. So
//! whoever stands too far behind to get a seat is only counted, and a row that is not active waits until
//! somebody knows a user of its id.

use std::collections::BTreeSet;

use super::Rules;
use crate::domain::table::{Columns, Row};
use crate::domain::user::{UserId, compare_ids};

/// Usable rows, each with an id of its own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::domain) struct Reserve {
    /// In order of id, so that one of them is found.
    rows: Vec<Row>,
    n_active: usize,
    /// By what the rows are read; none if there are no rows.
    terms: Option<(Columns, Rules)>,
}

impl Reserve {
    /// Keeps these rows, which are in order of id.
    pub fn new(rows: Vec<Row>, n_active: usize, columns: Columns, rules: Rules) -> Reserve {
        Reserve {
            rows,
            n_active,
            terms: Some((columns, rules)),
        }
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Active employees among the rows.
    pub fn n_active(&self) -> usize {
        self.n_active
    }

    /// By what the rows are read.
    pub fn terms(&self) -> Option<(Columns, Rules)> {
        self.terms.clone()
    }

    /// Gives away the rows of these ids; `is_active` tells whether one was counted as such.
    pub fn take<'a>(
        &mut self,
        ids: impl IntoIterator<Item = &'a UserId>,
        is_active: impl Fn(&Row) -> bool,
    ) -> Vec<Row> {
        let find = |id: &UserId| {
            self.rows
                .binary_search_by(|row| compare_ids(row.id(), id.as_str()))
        };
        let wanted: BTreeSet<usize> = ids.into_iter().filter_map(|id| find(id).ok()).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut idx = 0;
        let taken: Vec<Row> = self
            .rows
            .extract_if(.., |_| {
                idx += 1;
                wanted.contains(&(idx - 1))
            })
            .collect();
        self.n_active -= taken.iter().filter(|row| is_active(row)).count();
        taken
    }
}
