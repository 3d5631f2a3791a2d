//! What a source hands over: the rows of one read, and the proof that the read came to its end.
//!
//! An outage of the CRM must never look like a departure of its people. So the planner takes a
//! [`CompleteRead`], and the only way to one is [`Reading::finish`], which a source calls after its
//! read-only transaction delivered the last row.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A column that a query may yield. Any other column is an error of the query.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Column {
    /// Key of the employee; needed.
    Id,
    /// Display name; needed.
    Name,
    /// Best phone, free text.
    Phone,
    /// Second choice.
    Phone2,
    /// Third choice.
    Phone3,
    /// ISO 3166 region for numbers without a country code.
    PhoneRegion,
    /// E-mail, the key on WUTS.
    Email,
    /// Whether the employee is to have a user.
    Active,
    /// The CRM's role names, joined with `|`.
    Role,
    /// Shown, never relied on.
    UpdatedAt,
    /// Which account the row belongs to, in a fleet.
    Account,
}

impl Column {
    /// All columns, in the order in which a row keeps its cells.
    pub const ALL: [Column; 11] = [
        Column::Id,
        Column::Name,
        Column::Phone,
        Column::Phone2,
        Column::Phone3,
        Column::PhoneRegion,
        Column::Email,
        Column::Active,
        Column::Role,
        Column::UpdatedAt,
        Column::Account,
    ];

    /// The name in a query, lower case.
    pub fn name(self) -> &'static str {
        match self {
            Column::Id => "id",
            Column::Name => "name",
            Column::Phone => "phone",
            Column::Phone2 => "phone2",
            Column::Phone3 => "phone3",
            Column::PhoneRegion => "phone_region",
            Column::Email => "email",
            Column::Active => "active",
            Column::Role => "role",
            Column::UpdatedAt => "updated_at",
            Column::Account => "account",
        }
    }

    /// The column of that name, in any letter case.
    pub fn from_name(name: &str) -> Option<Column> {
        Column::ALL
            .into_iter()
            .find(|column| column.name().eq_ignore_ascii_case(name))
    }
}

/// The columns that a query yields. A column that is not among them is not managed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Columns(u16);

impl Columns {
    /// Adds a column; `false` if it was there already.
    pub fn insert(&mut self, column: Column) -> bool {
        let bit = 1 << column as u16;
        let is_new = self.0 & bit == 0;
        self.0 |= bit;
        is_new
    }

    /// Whether the query yields the column.
    pub fn contains(self, column: Column) -> bool {
        self.0 & (1 << column as u16) != 0
    }

    /// One bit a column, in the order of [`Column::ALL`].
    pub fn bits(self) -> u16 {
        self.0
    }

    /// Whether any phone column is among them: phones are managed.
    pub fn manage_phones(self) -> bool {
        [Column::Phone, Column::Phone2, Column::Phone3]
            .into_iter()
            .any(|column| self.contains(column))
    }
}

impl FromIterator<Column> for Columns {
    fn from_iter<I: IntoIterator<Item = Column>>(columns: I) -> Columns {
        let mut set = Columns::default();
        for column in columns {
            set.insert(column);
        }
        set
    }
}

/// One row of the employee table: a text or NULL for each [`Column`], in one allocation.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    text: Box<str>,
    /// End of each cell in `text`; [`Row::NULL`] marks NULL. In the order of [`Column::ALL`]. Short numbers,
    /// since a hundred thousand rows are held at once.
    ends: [u16; Column::ALL.len()],
}

impl Row {
    const NULL: u16 = u16::MAX;

    /// A row from one cell per [`Column::ALL`]; columns that the query does not yield are `None`.
    pub fn new(cells: [Option<&str>; Column::ALL.len()]) -> Row {
        let mut text = String::with_capacity(cells.iter().flatten().map(|cell| cell.len()).sum());
        let mut ends = [Row::NULL; Column::ALL.len()];
        for (end, cell) in ends.iter_mut().zip(cells) {
            if let Some(cell) = cell {
                text.push_str(cell);
                *end = u16::try_from(text.len())
                    .ok()
                    .filter(|it| *it != Row::NULL)
                    .expect("a source caps a field at 4 KiB, so eleven of them are below 64 KiB");
            }
        }
        Row {
            text: text.into_boxed_str(),
            ends,
        }
    }

    /// A row from pairs, for tests and embedded data.
    pub fn from_pairs(pairs: &[(Column, &str)]) -> Row {
        let mut cells = [None; Column::ALL.len()];
        for (column, text) in pairs {
            cells[*column as usize] = Some(*text);
        }
        Row::new(cells)
    }

    /// The cell's text; `None` for NULL and for a column that the query does not yield.
    pub fn get(&self, column: Column) -> Option<&str> {
        let idx = column as usize;
        let end = self.ends[idx];
        if end == Row::NULL {
            return None;
        }
        let start = self.ends[..idx]
            .iter()
            .rev()
            .find(|it| **it != Row::NULL)
            .copied()
            .unwrap_or(0);
        Some(&self.text[usize::from(start)..usize::from(end)])
    }

    /// The id, trimmed; empty if there is none.
    pub fn id(&self) -> &str {
        self.get(Column::Id).unwrap_or_default().trim()
    }

    /// 128 bits that stand for the row; `updated_at` is left out, since nothing that is synced depends on it.
    pub fn mark(&self) -> u128 {
        let mut hasher = Sha256::new();
        for column in Column::ALL {
            if column == Column::UpdatedAt {
                continue;
            }
            match self.get(column) {
                None => hasher.update([0]),
                Some(cell) => {
                    hasher.update([1]);
                    hasher.update((cell.len() as u64).to_le_bytes());
                    hasher.update(cell);
                }
            }
        }
        let bytes: [u8; 32] = hasher.finalize().into();
        let (half, _) = bytes.split_first_chunk().expect("SHA-256 has 32 bytes");
        u128::from_le_bytes(*half)
    }
}

impl fmt::Debug for Row {
    /// Shows the id only; the rest is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("id", &self.get(Column::Id))
            .finish_non_exhaustive()
    }
}

/// Stands for the rows of a read, whatever their order: their count and the wrapping sum of their marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RowsDigest {
    /// Number of rows.
    pub count: u64,
    /// Wrapping sum of 128-bit row marks.
    pub sum: u128,
}

/// A read under way. Becomes a [`CompleteRead`] only by [`Reading::finish`].
#[derive(Debug)]
pub struct Reading {
    columns: Columns,
    rows: Vec<Row>,
    digest: RowsDigest,
}

impl Reading {
    /// Begins a read that yields these columns.
    pub fn new(columns: Columns) -> Reading {
        Reading {
            columns,
            rows: Vec::new(),
            digest: RowsDigest::default(),
        }
    }

    /// Takes the next row.
    pub fn push(&mut self, row: Row) {
        self.digest.count += 1;
        self.digest.sum = self.digest.sum.wrapping_add(row.mark());
        self.rows.push(row);
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no row has come yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Declares that the source delivered its last row inside one read-only transaction.
    pub fn finish(self) -> CompleteRead {
        let Reading {
            columns,
            rows,
            digest,
        } = self;
        CompleteRead {
            columns,
            rows,
            digest,
        }
    }
}

/// All rows of the employee table, read to the end in one transaction: the only input that a plan accepts.
#[derive(Clone, Debug)]
pub struct CompleteRead {
    columns: Columns,
    rows: Vec<Row>,
    digest: RowsDigest,
}

impl CompleteRead {
    /// The columns that the query yields.
    pub fn columns(&self) -> Columns {
        self.columns
    }

    /// The rows, in no particular order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The digest of all rows.
    pub fn digest(&self) -> RowsDigest {
        self.digest
    }

    /// The rows, in no particular order, for whoever takes them apart.
    pub fn into_rows(self) -> Vec<Row> {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, name: &str) -> Row {
        Row::from_pairs(&[(Column::Id, id), (Column::Name, name)])
    }

    fn digest(rows: &[Row]) -> RowsDigest {
        let mut reading = Reading::new([Column::Id, Column::Name].into_iter().collect());
        for row in rows {
            reading.push(row.clone());
        }
        reading.finish().digest()
    }

    #[test]
    fn cells_come_back_as_they_went_in_and_null_is_not_empty() {
        let row = Row::from_pairs(&[(Column::Id, "7"), (Column::Phone, ""), (Column::Role, "a|b")]);
        assert_eq!(row.get(Column::Id), Some("7"));
        assert_eq!(row.get(Column::Name), None);
        assert_eq!(row.get(Column::Phone), Some(""));
        assert_eq!(row.get(Column::Role), Some("a|b"));
    }

    #[test]
    fn the_digest_ignores_order_and_nothing_else() {
        let (a, b) = (row("1", "Anna"), row("2", "Berta"));
        assert_eq!(digest(&[a.clone(), b.clone()]), digest(&[b.clone(), a.clone()]));
        assert_ne!(
            digest(&[a.clone(), b.clone()]),
            digest(&[a.clone(), b.clone(), b.clone()])
        );
        assert_ne!(digest(&[row("1", "2")]), digest(&[row("12", "")]));
        assert_ne!(digest(&[a]), digest(&[Row::from_pairs(&[(Column::Id, "1")])]));
    }

    #[test]
    fn column_names_are_read_in_any_case() {
        assert_eq!(Column::from_name("PHONE_Region"), Some(Column::PhoneRegion));
        assert_eq!(Column::from_name("salary"), None);
    }
}
