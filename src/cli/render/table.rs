//! Columns for people: no borders, two blanks between columns.

use comfy_table::{Table, presets};

/// The rows with their columns aligned, each line after `indent` blanks. A cell may have several lines.
pub(in crate::cli) fn aligned(rows: impl IntoIterator<Item = Vec<String>>, indent: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let margin = " ".repeat(indent);
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(&margin);
        text.push_str(line.trim_end());
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

/// The text, cut to so many characters.
pub(in crate::cli) fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_blanks_at_their_end() {
        let rows = [
            vec!["a", "Kalniņa", "x"],
            vec!["long", "", ""],
            vec!["b", "日本", "z"],
        ];
        let rows = rows.map(|row| row.into_iter().map(str::to_owned).collect());
        assert_eq!(
            aligned(rows, 2),
            "  a     Kalniņa  x\n  long\n  b     日本     z\n"
        );
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(cut("Anna", 4), "Anna");
        assert_eq!(cut("Anna Ozola", 6), "Anna…");
    }
}
