//! What the cells of one row say.

use crate::domain::employee::{PhoneWish, Rules};
use crate::domain::finding::FindingKind;
use crate::domain::name;
use crate::domain::phone::Phone;
use crate::domain::table::{Column, Columns, Row};

/// What a usable row says of somebody, beside the id and phones.
pub(super) struct Said {
    pub is_active: bool,
    /// Cleaned, in whole length.
    pub name: String,
}

/// Whether the row can be used, beside its id.
pub(super) fn judge(row: &Row, columns: Columns) -> Result<Said, (FindingKind, String)> {
    let is_active = read_active(row, columns).map_err(|text| {
        let detail =
            format!("`active` is {text}; yield 1 or 0 (true/false, yes/no, on/off, active/inactive)");
        (FindingKind::ActiveUnreadable, detail)
    })?;
    let name = name::clean(row.get(Column::Name).unwrap_or_default());
    if is_active && name.is_empty() {
        let detail = "the row has no name; fill it in".to_owned();
        return Err((FindingKind::NameMissing, detail));
    }
    Ok(Said { is_active, name })
}

/// Whether the row says active; what it says instead if it can't be understood.
pub(super) fn read_active(row: &Row, columns: Columns) -> Result<bool, String> {
    if !columns.contains(Column::Active) {
        return Ok(true);
    }
    let Some(text) = row.get(Column::Active) else {
        return Err("NULL".to_owned());
    };
    says_active(text).ok_or_else(|| format!("\"{}\"", name::clean(text).chars().take(40).collect::<String>()))
}

/// What a value of `active` says, if it is one of its words.
pub fn says_active(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" | "active" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "off" | "inactive" => Some(false),
        _ => None,
    }
}

const PHONE_COLUMNS: [Column; 3] = [Column::Phone, Column::Phone2, Column::Phone3];

pub(super) fn read_phone(row: &Row, columns: Columns, rules: &Rules) -> PhoneWish {
    if !rules.phones || !columns.manage_phones() {
        return PhoneWish::Unmanaged;
    }
    let row_region = row
        .get(Column::PhoneRegion)
        .map(str::trim)
        .filter(|it| !it.is_empty());
    let row_region = row_region.map(str::to_uppercase);
    let region = row_region.as_deref().or(rules.default_region.as_deref());
    let mut wish = PhoneWish::None;
    for column in PHONE_COLUMNS {
        let Some(text) = row.get(column).map(str::trim).filter(|it| !it.is_empty()) else {
            continue;
        };
        if let Some(phone) = Phone::parse(text, region) {
            return PhoneWish::Number(phone);
        }
        wish = PhoneWish::Invalid;
    }
    wish
}

/// Stands for the texts that a phone is made from: the same texts, the same mark.
pub(super) fn phone_cells(row: &Row) -> u128 {
    let cells = PHONE_COLUMNS.into_iter().chain([Column::PhoneRegion]);
    let mut only_phones = [None; Column::ALL.len()];
    for column in cells {
        only_phones[column as usize] = row.get(column);
    }
    Row::new(only_phones).mark()
}
