//! Tells a single statement from several: the driver would run them all.

/// Whether the text holds one statement at most: nothing but white space, comments and semicolons
/// follows its first semicolon.
pub(super) fn is_single(sql: &str) -> bool {
    let mut rest = sql;
    let mut has_ended = false;
    while let Some(first) = rest.chars().next() {
        let is_blank = first.is_whitespace() || rest.starts_with("--") || rest.starts_with("/*");
        if has_ended && !is_blank && first != ';' {
            return false;
        }
        has_ended |= first == ';';
        rest = &rest[token_len(rest, first)..];
    }
    true
}

/// Length of the token that `text` begins with, as far as it matters: text in quotes and comments are one.
fn token_len(text: &str, first: char) -> usize {
    let until = |start: usize, end: &str| {
        text[start..]
            .find(end)
            .map_or(text.len(), |at| start + at + end.len())
    };
    match first {
        // A doubled quote inside ends one token and begins the next, which comes to the same.
        '\'' => until(1, "'"),
        '"' => until(1, "\""),
        '`' => until(1, "`"),
        '[' => until(1, "]"),
        '-' if text.starts_with("--") => until(2, "\n"),
        '/' if text.starts_with("/*") => until(2, "*/"),
        _ => first.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_single;

    #[test]
    fn one_statement_may_hold_semicolons_in_quotes_and_comments_and_end_in_one() {
        for sql in [
            "SELECT 1",
            "SELECT 1;",
            "SELECT 1 ; ; -- done; really\n /* ; */ ",
            "SELECT ';', \";\", `;`, [;] -- ; DELETE\n FROM t /* ; */ WHERE a - b / c = 'it''s; ü'",
            "/* never closed ; SELECT 2",
            "",
        ] {
            assert!(is_single(sql), "{sql}");
        }
    }

    #[test]
    fn a_second_statement_is_seen() {
        for sql in [
            "SELECT 1; SELECT 2",
            "SELECT ';';DELETE FROM t",
            "SELECT '''; '; DELETE FROM t",
            "-- '\nSELECT 1; /* x */ ATTACH 'a' AS b",
        ] {
            assert!(!is_single(sql), "{sql}");
        }
    }
}
