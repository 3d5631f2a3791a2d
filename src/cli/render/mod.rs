//! Answers: text for people, JSON for programs, Markdown for merge requests.
//!
//! Everything that comes from outside passes [`Show`], which takes out what would disturb a terminal and
//! masks phones. The documents in [`json`] are a contract; the words in the text are not.

pub(super) mod changes;
pub(super) mod check;
pub(super) mod check_json;
pub(super) mod explain;
pub(super) mod findings;
pub(super) mod holds;
pub(super) mod json;
pub(super) mod markdown;
pub(super) mod status;
pub(super) mod style;
pub(super) mod table;
pub(super) mod text;

use self::style::{Style, Tone};
use crate::domain::memory::Millis;
use crate::domain::phone::Phone;
use crate::text::{mask_phones, printable};

/// Text for people is made to fit into this many columns.
pub(super) const WIDTH: usize = 100;

/// So many of each kind are shown; JSON has all.
pub(super) const MAX_SHOWN: usize = 20;

/// How outside values are shown.
#[derive(Clone, Debug)]
pub(super) struct Show {
    pub(super) style: Style,
    pub(super) show_phones: bool,
    /// The beginning of a command line that works with the same configuration.
    pub(super) command: String,
}

impl Show {
    /// Outside text in which phones may stand, such as a server's error.
    pub(super) fn text(&self, raw: &str) -> String {
        let text = printable(raw);
        if self.show_phones {
            text
        } else {
            mask_phones(&text)
        }
    }

    /// A name or an id: fit to print, and not looked through for phones.
    pub(super) fn plain(&self, raw: &str) -> String {
        printable(raw)
    }

    /// A phone.
    pub(super) fn phone(&self, phone: Option<&Phone>) -> String {
        match phone {
            None => "none".to_owned(),
            Some(phone) if self.show_phones => format!("+{}", phone.digits()),
            Some(phone) => phone.masked(),
        }
    }

    pub(super) fn heading(&self, text: &str) -> String {
        self.style.paint(Tone::Heading, text)
    }
}

/// A number with its noun: `1 user`, `2 users`.
pub(super) fn count(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('y') => format!("{n} {}ies", &noun[..noun.len() - 1]),
        _ => format!("{n} {noun}s"),
    }
}

/// An instant for programs: RFC 3339 in UTC.
pub(super) fn instant(at: Millis) -> String {
    moment(at, chrono::SecondsFormat::Millis)
}

/// An instant for people.
pub(super) fn date(at: Millis) -> String {
    moment(at, chrono::SecondsFormat::Secs).replace('T', " ")
}

fn moment(at: Millis, format: chrono::SecondsFormat) -> String {
    match chrono::DateTime::from_timestamp_millis(at.0) {
        Some(at) => at.to_rfc3339_opts(format, true),
        None => format!("{} ms after 1970", at.0),
    }
}

/// The text in lines of at most [`WIDTH`] columns, each after `indent` blanks; words are not broken.
pub(super) fn wrap(text: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut out = String::with_capacity(text.len() + 2 * indent);
    let mut width = 0;
    for word in text.split(' ').filter(|it| !it.is_empty()) {
        let n_chars = word.chars().count();
        if width == 0 {
            out.push_str(&margin);
            width = indent;
        } else if width + 1 + n_chars > WIDTH {
            out.push('\n');
            out.push_str(&margin);
            width = indent;
        } else {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += n_chars;
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_nouns() {
        assert_eq!(count(1, "user"), "1 user");
        assert_eq!(count(0, "user"), "0 users");
        assert_eq!(count(2, "entry"), "2 entries");
    }

    #[test]
    fn long_lines_are_broken_between_words() {
        let text = wrap(&"word ".repeat(50), 4);
        assert!(text.lines().count() == 3, "{text}");
        for line in text.lines() {
            assert!(line.starts_with("    word") && line.len() <= WIDTH, "{line}");
        }
        assert_eq!(wrap("one", 2), "  one\n");
    }

    #[test]
    fn instants_are_utc() {
        assert_eq!(instant(Millis(1_700_000_000_123)), "2023-11-14T22:13:20.123Z");
        assert_eq!(date(Millis(0)), "1970-01-01 00:00:00Z");
    }
}
