//! The REST API key, which no message may show.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// A Braze REST API key. `Debug` shows that there is one and nothing of it; there is no `Display`. Its memory is wiped
/// when the last copy is dropped.
#[derive(Clone)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// Takes the key as Braze's dashboard shows it.
    pub fn new(key: String) -> Self {
        Self(SecretString::from(key))
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.expose_secret().is_empty()
    }

    /// The value of the `Authorization` header, marked so that HTTP libraries neither log nor index it. `None` when the
    /// key holds characters that no header may carry.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.0.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// `text` with every occurrence of the key replaced by `instead`.
    pub(crate) fn removed_from(&self, text: &str, instead: &str) -> String {
        let key = self.0.expose_secret();
        if key.is_empty() { text.to_owned() } else { text.replace(key, instead) }
    }
}

impl PartialEq for ApiKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for ApiKey {}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const KEY: &str = "canary-5e7d0b9a-1c2f-4a55-9d1e-3b8f7f6a2c11";

    #[test]
    fn no_debug_form_shows_the_key() {
        let key = ApiKey::new(KEY.to_owned());
        let shown = format!("{key:?} {key:#?} {:?} {:?}", Some(&key), key.authorization().unwrap());
        assert!(!shown.contains("canary") && !shown.contains("5e7d0b9a"), "{shown}");
    }

    #[test]
    fn the_header_carries_the_key_and_is_sensitive() {
        let value = ApiKey::new(KEY.to_owned()).authorization().unwrap();
        assert_eq!(value.to_str().unwrap(), format!("Bearer {KEY}"));
        assert!(value.is_sensitive());
        assert!(ApiKey::new("two\nlines".to_owned()).authorization().is_none());
    }

    #[test]
    fn keys_are_equal_by_content() {
        assert_eq!(ApiKey::new(KEY.to_owned()), ApiKey::new(KEY.to_owned()));
        assert_ne!(ApiKey::new(KEY.to_owned()), ApiKey::new("another".to_owned()));
    }
}
