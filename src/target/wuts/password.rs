//! Passwords of new users: nobody ever sees one. Whoever is created sets a password of their own by the
//! platform's "forgotten password".

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

/// Long enough for any policy, short enough for the upper limits that are common. At six bits a character
/// nobody guesses it.
const N_CHARS: usize = 32;

/// Sixty-four characters, so that each byte of chance yields one without favouring any. The two signs are
/// among those that nearly every policy counts as signs and takes.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!@";

/// A password that nobody can guess, with letters of both cases, a digit and a sign in it, as policies ask.
///
/// # Errors
/// The system has no randomness to give.
pub fn generate() -> Result<SecretString, getrandom::Error> {
    let mut bytes = Zeroizing::new([0_u8; N_CHARS]);
    loop {
        getrandom::fill(&mut *bytes)?;
        // Of its exact size, so that making a secret of it leaves no copy behind.
        let mut password = Zeroizing::new(String::with_capacity(N_CHARS));
        password.extend(bytes.iter().map(|it| char::from(ALPHABET[usize::from(*it % 64)])));
        if has_all_kinds(&password) {
            return Ok(SecretString::from(std::mem::take(&mut *password)));
        }
    }
}

/// Most draws do; throwing the others away favours none of the rest.
fn has_all_kinds(password: &str) -> bool {
    let kinds: [fn(&char) -> bool; 4] = [
        char::is_ascii_uppercase,
        char::is_ascii_lowercase,
        char::is_ascii_digit,
        char::is_ascii_punctuation,
    ];
    kinds
        .iter()
        .all(|is_of_kind| password.chars().any(|it| is_of_kind(&it)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn every_password_is_new_and_has_all_kinds_of_characters() {
        let passwords: BTreeSet<String> = (0..200)
            .map(|_| generate().unwrap().expose_secret().to_owned())
            .collect();
        assert_eq!(passwords.len(), 200);
        for password in &passwords {
            assert_eq!(password.len(), N_CHARS);
            assert!(has_all_kinds(password), "{password}");
            assert!(password.bytes().all(|it| ALPHABET.contains(&it)), "{password}");
        }
        let used: BTreeSet<char> = passwords.iter().flat_map(|it| it.chars()).collect();
        assert_eq!(used.len(), ALPHABET.len(), "6400 draws miss none of 64");
    }

    #[test]
    fn debug_shows_no_password() {
        let password = generate().unwrap();
        assert!(!format!("{password:?}").contains(password.expose_secret()));
    }
}
