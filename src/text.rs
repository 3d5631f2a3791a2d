//! Text that comes from outside: names, ids, server and database errors.
//!
//! Such text may carry control characters that repaint a terminal, bidi characters that reorder a
//! line, a secret that a server echoes, or megabytes. [`Redactor::clean`] makes it fit to show;
//! [`mask_phones`] hides the numbers in a text that is about to be printed.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::domain::name;
use crate::domain::phone::Phone;

/// Longest outside text that is kept, in characters: enough for an error page's first paragraph.
pub const MAX_CHARS: usize = 500;

/// How many secrets that came at run time are known at once: more than a credential ever has in use, so
/// that those which have ended are forgotten.
const MAX_LEARNED: usize = 32;

/// Shortest secret that is taken out of texts: shorter ones would garble every text and protect nothing.
const MIN_SECRET_BYTES: usize = 4;

/// Knows the secrets that one adapter uses, and takes them out of every text. Clones know the same ones,
/// those included that any of them learns later.
#[derive(Clone)]
pub struct Redactor {
    /// Its own first; it learns into that one.
    lists: Vec<Arc<RwLock<Secrets>>>,
}

#[derive(Default)]
struct Secrets {
    /// Known from the beginning to the end.
    given: Vec<SecretString>,
    /// The newest last.
    learned: VecDeque<SecretString>,
}

impl Redactor {
    /// A redactor for these secrets.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Redactor {
        let given = secrets.into_iter().filter(is_worth_hiding).collect();
        let learned = VecDeque::new();
        Redactor {
            lists: vec![Arc::new(RwLock::new(Secrets { given, learned }))],
        }
    }

    /// The same, which also knows whatever another one knows, now and later.
    #[must_use]
    pub fn beside(mut self, other: &Redactor) -> Redactor {
        self.lists.extend(other.lists.iter().cloned());
        self
    }

    /// Knows one more secret from now on, until many others have come after it.
    pub fn learn(&self, secret: &SecretString) {
        let Some(own) = self.lists.first().filter(|_| is_worth_hiding(secret)) else {
            return;
        };
        let mut own = own.write().unwrap_or_else(PoisonError::into_inner);
        let is_known = |it: &SecretString| it.expose_secret() == secret.expose_secret();
        if own.given.iter().chain(&own.learned).any(is_known) {
            return;
        }
        if own.learned.len() == MAX_LEARNED {
            own.learned.pop_front();
        }
        own.learned.push_back(secret.clone());
    }

    /// The text without secrets, control and bidi characters, white space folded, cut at [`MAX_CHARS`].
    pub fn clean(&self, raw: &str) -> String {
        let lists: Vec<_> = self
            .lists
            .iter()
            .map(|it| it.read().unwrap_or_else(PoisonError::into_inner))
            .collect();
        let secrets = lists.iter().flat_map(|it| it.given.iter().chain(&it.learned));
        let mut found: Vec<&str> = secrets
            .map(|it| it.expose_secret())
            .filter(|it| raw.contains(it))
            .collect();
        // Of two secrets of which one holds the other, nothing of the longer one may stay.
        found.sort_by_key(|it| std::cmp::Reverse(it.len()));
        let mut text = raw.to_owned();
        for secret in found {
            text = text.replace(secret, "[redacted]");
        }
        printable(&text)
    }
}

fn is_worth_hiding(secret: &SecretString) -> bool {
    secret.expose_secret().len() >= MIN_SECRET_BYTES
}

impl Default for Redactor {
    fn default() -> Redactor {
        Redactor::new([])
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

/// The text without control and bidi characters, white space folded, cut at [`MAX_CHARS`]. For text that
/// can't hold a secret, such as a name of the CRM.
pub fn printable(raw: &str) -> String {
    let mut text = name::clean(raw);
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The text with every phone number in it masked: each run of 8 or more digits, or of 6 or more after
/// a `+`, unless it belongs to a UUID or to a word in double quotes (so our own details write ids).
pub fn mask_phones(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(ahead) = text[done..].find(|it: char| it.is_ascii_digit()) {
        let start = done + ahead;
        let len = text[start..].find(|it: char| !it.is_ascii_digit());
        let end = len.map_or(text.len(), |len| start + len);
        let (before, digits) = (&text[done..start], &text[start..end]);
        let is_international = before.ends_with('+');
        let is_long = digits.len() >= 8 || (is_international && digits.len() >= 6);
        match Phone::from_remote(digits) {
            Some(phone) if is_long && !is_of_an_id(text, start, end) => {
                masked.push_str(before.strip_suffix('+').unwrap_or(before));
                masked.push_str(&phone.masked());
            }
            _ => {
                masked.push_str(before);
                masked.push_str(digits);
            }
        }
        done = end;
    }
    masked.push_str(&text[done..]);
    masked
}

/// Whether this part of the text belongs to a word in double quotes, or to a UUID.
fn is_of_an_id(text: &str, start: usize, end: usize) -> bool {
    let around = |is_end: fn(char) -> bool| {
        let head = text[..start].rsplit(is_end).next().unwrap_or_default();
        let tail = text[end..].split(is_end).next().unwrap_or_default();
        (start - head.len(), end + tail.len())
    };
    let (from, to) = around(|it| it == '"' || it.is_whitespace());
    let is_quoted = text[..from].ends_with('"') && text[to..].starts_with('"');
    let (from, to) = around(|it| it != '-' && !it.is_ascii_hexdigit());
    is_quoted || Uuid::try_parse(&text[from..to]).is_ok()
}

/// The bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An error with all its causes, in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Some errors repeat their source.
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_terminal_tricks_are_taken_out() {
        let redactor = Redactor::new([SecretString::from("s3cret-token")]);
        let text = redactor.clean("bad\u{1b}[31m token s3cret-token\r\n\u{202e}here ");
        assert_eq!(text, "bad[31m token [redacted] here");
    }

    #[test]
    fn a_secret_that_is_learned_is_known_to_all_clones() {
        let partner = Redactor::new([SecretString::from("partner-secret")]);
        let account = Redactor::new([]).beside(&partner);
        let clone = account.clone();
        account.learn(&SecretString::from("new-token"));
        partner.learn(&SecretString::from("machine"));
        assert_eq!(
            clone.clean("new-token machine partner-secret"),
            "[redacted] [redacted] [redacted]"
        );
        assert_eq!(partner.clean("new-token"), "new-token", "another account's");
    }

    #[test]
    fn old_tokens_are_forgotten_and_what_was_given_is_not() {
        let redactor = Redactor::new([SecretString::from("given")]);
        for n in 0..=MAX_LEARNED {
            redactor.learn(&SecretString::from(format!("token-{n:02}")));
        }
        assert_eq!(
            redactor.clean("given token-00 token-01"),
            "[redacted] token-00 [redacted]"
        );
    }

    #[test]
    fn of_a_secret_in_a_longer_one_nothing_stays() {
        let redactor = Redactor::new(["acme", "acme-secret"].map(SecretString::from));
        assert_eq!(redactor.clean("acme-secret of acme"), "[redacted] of [redacted]");
    }

    #[test]
    fn long_text_is_cut() {
        let text = Redactor::default().clean(&"ä".repeat(10_000));
        assert_eq!(text.chars().count(), MAX_CHARS + 1);
        assert!(text.ends_with('…'));
    }

    #[test]
    fn phones_are_masked_and_quoted_ids_are_not() {
        let text =
            "User with phone number 37126123456 already exists: +371 is user \"1234567890\", +37126123499";
        assert_eq!(
            mask_phones(text),
            "User with phone number +371 26 *** *56 already exists: +371 is user \"1234567890\", +371 26 *** *99"
        );
    }

    #[test]
    fn digits_of_an_id_are_no_phone() {
        for text in [
            "20202020-0000-4000-8000-371261234560 has no phone",
            "user \"20202020-37126123456-x\"",
            "(20202020-0687-4c41-b707-ed1bfca972a7)",
        ] {
            assert_eq!(mask_phones(text), text);
        }
        let text = "\"37126123456 of Anna\", 20202020-37126123456, 37126123456\"";
        assert!(!mask_phones(text).contains("26123456"), "{}", mask_phones(text));
    }
}
