//! Encryption of what must not be read from a copy of the file.
//!
//! The key comes from outside the store; each store derives its own from it by its salt. The cipher is
//! AES-256-GCM-SIV, which forgives a nonce that comes twice: a copy of the file that is put back, or a
//! machine that is cloned, may draw the same one again. It comes from the library that TLS is built on.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use secrecy::{ExposeSecret as _, SecretString};

/// What a sealed value begins with, so that another cipher can follow.
const VERSION: u8 = 1;

/// Separates this use of the key from any other.
const PURPOSE: &[u8] = b"wazzup-sync tokens 1";

/// Bytes of a key of the cipher.
const KEY_BYTES: usize = 32;

/// Fewest characters of a key: so many have enough of chance in them if they are random digits of 16.
const MIN_CHARS: usize = 32;

/// The key that seals tokens, as configured.
#[derive(Clone)]
pub struct TokenKey(SecretString);

/// A key that could be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the key needs at least {MIN_CHARS} random characters; make one with: openssl rand -base64 32")]
pub struct WeakKey;

impl TokenKey {
    /// The key of that text, which should be random.
    ///
    /// # Errors
    /// If it is too short to be.
    pub fn new(text: SecretString) -> Result<TokenKey, WeakKey> {
        if text.expose_secret().chars().count() < MIN_CHARS {
            return Err(WeakKey);
        }
        Ok(TokenKey(text))
    }

    /// Encrypts the bytes for one place; `None` if the system yields no random numbers.
    pub(super) fn seal(&self, salt: &str, place: &[u8], plain: Vec<u8>) -> Option<Vec<u8>> {
        let mut text = plain;
        let nonce = self
            .derive(salt)?
            .seal_in_place_append_tag(Aad::from(place), &mut text)
            .ok()?;
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut text);
        Some(sealed)
    }

    /// Decrypts what was sealed with this key for that place; `None` for anything else.
    pub(super) fn open(&self, salt: &str, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = sealed.split_first()?;
        if *version != VERSION {
            return None;
        }
        let (nonce, text) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let key = self.derive(salt)?;
        let plain = key.open_in_place(nonce, Aad::from(place), &mut text).ok()?;
        Some(plain.to_vec())
    }

    /// The key of one store.
    fn derive(&self, salt: &str) -> Option<RandomizedNonceKey> {
        let salt = Salt::new(HKDF_SHA256, salt.as_bytes());
        let extracted = salt.extract(self.0.expose_secret().as_bytes());
        let mut key = [0; KEY_BYTES];
        extracted.expand(&[PURPOSE], KeyBytes).ok()?.fill(&mut key).ok()?;
        RandomizedNonceKey::new(&AES_256_GCM_SIV, &key).ok()
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

/// Tells the derivation how much is asked for.
struct KeyBytes;

impl KeyType for KeyBytes {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> TokenKey {
        TokenKey::new(SecretString::from(text)).unwrap()
    }

    const ONE: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "1123456789abcdef0123456789abcdef";

    #[test]
    fn what_was_sealed_is_opened_with_the_same_key_salt_and_place_only() {
        let sealed = key(ONE).seal("salt", b"place", b"token".to_vec()).unwrap();
        let open = |text, salt, place: &[u8]| key(text).open(salt, place, &sealed);
        assert_eq!(open(ONE, "salt", b"place").as_deref(), Some(&b"token"[..]));
        assert_eq!(open(OTHER, "salt", b"place"), None);
        assert_eq!(open(ONE, "other", b"place"), None);
        assert_eq!(open(ONE, "salt", b"elsewhere"), None);
    }

    #[test]
    fn no_bit_can_be_changed_and_no_byte_be_missing() {
        let sealed = key(ONE).seal("salt", b"place", b"token".to_vec()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key(ONE).open("salt", b"place", &changed), None, "byte {at}");
            assert_eq!(key(ONE).open("salt", b"place", &sealed[..at]), None, "{at} bytes");
        }
    }

    #[test]
    fn equal_tokens_do_not_look_equal() {
        let seal = || key(ONE).seal("salt", b"place", b"token".to_vec()).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_short_key_is_refused_and_no_key_is_shown() {
        assert_eq!(TokenKey::new(SecretString::from("hunter2")).unwrap_err(), WeakKey);
        assert!(WeakKey.to_string().contains("openssl rand"));
        assert!(!format!("{:?}", key(ONE)).contains(ONE));
    }
}
