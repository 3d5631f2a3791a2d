//! What a platform lets a user do, in the platform's own words.

use std::fmt;
use std::sync::Arc;

/// A set of words: the one role of a WUTS user, the tasks of a Meta system user.
///
/// Equal sets are equal, in whatever order they were given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant(Arc<[Arc<str>]>);

impl Grant {
    /// The set of these words; empty ones are no words.
    pub fn new<W: Into<Arc<str>>>(words: impl IntoIterator<Item = W>) -> Grant {
        let mut words: Vec<Arc<str>> = words.into_iter().map(Into::into).collect();
        words.retain(|it| !it.is_empty());
        words.sort_unstable();
        words.dedup();
        Grant(words.into())
    }

    /// The words of [`Grant`]'s `Display`.
    pub fn from_text(text: &str) -> Grant {
        Grant::new(text.split(", "))
    }

    /// The words, in order.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|it| &**it)
    }

    /// Whether it allows nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this allows all that the other one allows.
    pub fn includes(&self, other: &Grant) -> bool {
        other.0.iter().all(|word| self.0.binary_search(word).is_ok())
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, word) in self.words().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{word}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_a_set_of_words_and_survives_as_text() {
        let grant = Grant::new(["MANAGE", "DEVELOP", "", "MANAGE"]);
        assert_eq!(grant.to_string(), "DEVELOP, MANAGE");
        assert_eq!(Grant::from_text(&grant.to_string()), grant);
        assert!(grant.includes(&Grant::new(["MANAGE"])));
        assert!(!Grant::new(["MANAGE"]).includes(&grant));
        assert!(Grant::from_text("").is_empty());
    }
}
