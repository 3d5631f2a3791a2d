//! Text that comes from outside: names, ids, server and database errors.
//!
//! Such text may carry control characters that repaint a terminal, bidi characters that reorder a
//! line, a secret that a server echoes, or megabytes. [`Redactor::clean`] makes it fit to show;
//! [`mask_phones`] hides the numbers in a text that is about to be printed.

use std::error::Error;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::name;
use crate::domain::phone::Phone;

/// Longest outside text that is kept, in characters: enough for an error page's first paragraph.
pub const MAX_CHARS: usize = 500;

/// Knows the secrets that one adapter uses, and takes them out of every text.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<SecretString>,
}

impl Redactor {
    /// A redactor for these secrets; empty and one- to three-letter ones are ignored, since taking
    /// them out would garble every text and protect nothing.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Redactor {
        Redactor {
            secrets: secrets
                .into_iter()
                .filter(|it| it.expose_secret().len() > 3)
                .collect(),
        }
    }

    /// The text without secrets, control and bidi characters, white space folded, cut at [`MAX_CHARS`].
    pub fn clean(&self, raw: &str) -> String {
        let mut text = raw.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.expose_secret()) {
                text = text.replace(secret.expose_secret(), "[redacted]");
            }
        }
        printable(&text)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor")
            .field("n_secrets", &self.secrets.len())
            .finish()
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
/// a `+`, unless it stands in double quotes (so our own details write ids).
pub fn mask_phones(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|it: char| it.is_ascii_digit()) {
        let len = rest[start..]
            .find(|it: char| !it.is_ascii_digit())
            .unwrap_or(rest.len() - start);
        let (before, digits, after) = (&rest[..start], &rest[start..start + len], &rest[start + len..]);
        let is_international = before.ends_with('+');
        let is_quoted = before.ends_with('"') && after.starts_with('"');
        let is_phone = !is_quoted && (len >= 8 || (is_international && len >= 6));
        match Phone::from_remote(digits) {
            Some(phone) if is_phone => {
                masked.push_str(before.strip_suffix('+').unwrap_or(before));
                masked.push_str(&phone.masked());
            }
            _ => {
                masked.push_str(before);
                masked.push_str(digits);
            }
        }
        rest = after;
    }
    masked.push_str(rest);
    masked
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
}
