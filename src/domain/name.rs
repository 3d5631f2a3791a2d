//! Names fit to send: no control or bidi characters, white space folded, cut where a reader would cut.

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation as _;

/// Whether a character would disturb a terminal, a form or the direction of a line.
pub fn is_unprintable(char: char) -> bool {
    char.is_control() || is_bidi_control(char) || matches!(char, '\u{feff}' | '\u{2028}' | '\u{2029}')
}

/// Unicode's explicit marks of direction (UAX #9), which can make a text look like another.
fn is_bidi_control(char: char) -> bool {
    matches!(char, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// White space folded to single blanks and trimmed, unprintable characters removed.
pub fn clean(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    for char in raw.chars() {
        let char = if char.is_whitespace() { ' ' } else { char };
        if is_unprintable(char) || (char == ' ' && (text.is_empty() || text.ends_with(' '))) {
            continue;
        }
        text.push(char);
    }
    text.truncate(text.trim_end().len());
    text
}

/// The longest beginning of `name` that ends at a grapheme boundary and has at most `max_chars`
/// characters, without a blank at its end; `None` if the whole name fits. Where the first grapheme alone is
/// too long, it is cut: a name with too few accents is better than none.
pub fn shorten(name: &str, max_chars: usize) -> Option<Arc<str>> {
    // A text has no more characters than bytes, so most names need no count.
    if name.len() <= max_chars || name.chars().count() <= max_chars {
        return None;
    }
    let mut n_chars = 0;
    let mut end = 0;
    for grapheme in name.graphemes(true) {
        n_chars += grapheme.chars().count();
        if n_chars > max_chars {
            break;
        }
        end += grapheme.len();
    }
    if end == 0 {
        return Some(name.chars().take(max_chars).collect::<String>().into());
    }
    Some(name[..end].trim_end().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_folded_and_tricks_are_removed() {
        assert_eq!(clean(" \tAnna\u{a0}\n Ozola\u{202e}\u{7} "), "Anna Ozola");
        assert_eq!(clean(" \u{200f} "), "");
    }

    #[test]
    fn a_cut_never_splits_what_a_reader_sees_as_one_sign() {
        assert_eq!(shorten("short", 5), None);
        assert_eq!(shorten("abc def", 4).as_deref(), Some("abc"));
        // A family emoji is seven characters and one sign.
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        assert_eq!(shorten(&format!("ab{family}"), 5).as_deref(), Some("ab"));
        assert_eq!(shorten("e\u{301}e\u{301}", 3).as_deref(), Some("e\u{301}"));
    }

    #[test]
    fn a_sign_that_is_longer_than_a_whole_name_may_be_is_cut_and_not_lost() {
        let zalgo = format!("a{}", "\u{301}".repeat(200));
        assert_eq!(shorten(&zalgo, 3).as_deref(), Some("a\u{301}\u{301}"));
    }
}
