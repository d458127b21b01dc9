//! Keys that encrypt parts of the state: without the key, a part in the bucket identifies no one.
//!
//! ```text
//! itb-sealed-1 │ key id, 8 bytes │ salt, 32 bytes │ AES-256-GCM of the part, with its tag
//! ```
//!
//! Every part has a key of its own, derived from the state key and a random salt (HKDF with SHA-256, RFC 5869), so that
//! no nonce is ever used twice. The object's key in the bucket is authenticated too: a part that was moved to another key
//! cannot be decrypted.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::{hmac, rand};

use crate::message::hexadecimal;

/// What an encrypted part begins with.
const MARK: &[u8; 12] = b"itb-sealed-1";
const ID_BYTES: usize = 8;
const SALT_BYTES: usize = 32;
const HEAD: usize = MARK.len() + ID_BYTES + SALT_BYTES;

/// The shortest text that is taken for a state key: 32 random bytes have 43 characters in Base64.
pub const SHORTEST_STATE_KEY: usize = 32;

/// A key that parts are encrypted with. `Debug` shows its id alone, which says nothing of it.
#[derive(Clone)]
pub struct StateKey {
    id: [u8; ID_BYTES],
    root: Prk,
}

/// Why a part could not be encrypted or decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealError {
    /// None of the keys has the ID in the part.
    OtherKey([u8; ID_BYTES]),
    /// The part is not what was written under its key.
    Changed,
    /// The library or its source of randomness refused.
    Refused,
}

/// The length of a key's id, for HKDF.
struct IdLength;

impl KeyType for IdLength {
    fn len(&self) -> usize {
        ID_BYTES
    }
}

impl StateKey {
    /// The key that is derived from a text; `None` if the text is too short.
    pub fn new(text: &str) -> Option<Self> {
        if text.len() < SHORTEST_STATE_KEY {
            return None;
        }
        let root = Salt::new(HKDF_SHA256, b"insights-to-braze state").extract(text.as_bytes());
        let mut id = [0; ID_BYTES];
        root.expand(&[b"id"], IdLength).and_then(|id_of| id_of.fill(&mut id)).ok()?;
        Some(Self { id, root })
    }

    /// Encrypts a part that is to be stored under `key`.
    pub(crate) fn seal(&self, key: &str, part: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut salt = [0; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| SealError::Refused)?;
        let mut body = part.to_vec();
        self.part_key(&salt)?.seal_in_place_append_tag(nonce(), aad(key), &mut body).map_err(|_| SealError::Refused)?;
        Ok([MARK.as_slice(), &self.id, &salt, &body].concat())
    }

    /// What proves that the owner of the key wrote `text`: an HMAC with SHA-256, and the key's ID.
    pub(crate) fn sign(&self, text: &[u8]) -> Result<(String, Vec<u8>), SealError> {
        let key: hmac::Key = self.root.expand(&[b"receipt"], hmac::HMAC_SHA256).map_err(|_| SealError::Refused)?.into();
        Ok((shown(self.id), hmac::sign(&key, text).as_ref().to_vec()))
    }

    /// The part under `key`, decrypted.
    fn open(&self, key: &str, salt: &[u8], body: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut body = body.to_vec();
        let length =
            self.part_key(salt)?.open_in_place(nonce(), aad(key), &mut body).map_err(|_| SealError::Changed)?.len();
        body.truncate(length);
        Ok(body)
    }

    fn part_key(&self, salt: &[u8]) -> Result<LessSafeKey, SealError> {
        let info = [b"part".as_slice(), salt];
        let key = self.root.expand(&info, &AES_256_GCM).map_err(|_| SealError::Refused)?;
        Ok(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StateKey({})", shown(self.id))
    }
}

impl PartialEq for StateKey {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for StateKey {}

/// Whether a stored part is encrypted.
pub(crate) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MARK)
}

/// Decrypts a part with the one of `keys` that encrypted it, and returns that key's place.
pub(crate) fn open<'k>(keys: &'k [StateKey], key: &str, bytes: &[u8]) -> Result<(Vec<u8>, &'k StateKey), SealError> {
    let (head, body) = bytes.split_at_checked(HEAD).ok_or(SealError::Changed)?;
    let (id, salt) =
        head.get(MARK.len()..).and_then(|head| head.split_at_checked(ID_BYTES)).ok_or(SealError::Changed)?;
    let id: [u8; ID_BYTES] = id.try_into().map_err(|_| SealError::Changed)?;
    let state_key = keys.iter().find(|state_key| state_key.id == id).ok_or(SealError::OtherKey(id))?;
    Ok((state_key.open(key, salt, body)?, state_key))
}

/// A key's id as messages show it.
pub(crate) fn shown(id: [u8; ID_BYTES]) -> String {
    hexadecimal(&id)
}

/// One nonce suffices, because no two parts have the same key.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

fn aad(key: &str) -> Aad<&[u8]> {
    Aad::from(key.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TEXT: &str = "canary-0123456789abcdef0123456789abcdef";

    #[test]
    fn a_sealed_part_opens_under_its_key_and_nowhere_else() {
        let key = StateKey::new(TEXT).unwrap();
        let other = StateKey::new("another-0123456789abcdef0123456789ab").unwrap();
        let part = b"external_id,email,email_hash,fingerprint,standing\ncanary-1,,,,\n";
        let sealed = key.seal("state/a", part).unwrap();
        assert!(is_sealed(&sealed) && !is_sealed(part));
        assert!(!String::from_utf8_lossy(&sealed).contains("canary"));
        assert_ne!(sealed, key.seal("state/a", part).unwrap(), "no two parts have the same key");
        let keys = [other.clone(), key.clone()];
        let (opened, by) = open(&keys, "state/a", &sealed).unwrap();
        assert_eq!((opened.as_slice(), by), (part.as_slice(), &key));
        assert_eq!(open(&keys, "state/b", &sealed).unwrap_err(), SealError::Changed, "put in another's place");
        assert_eq!(open(&keys[..1], "state/a", &sealed).unwrap_err(), SealError::OtherKey(key.id));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(!is_sealed(&changed) || open(&keys, "state/a", &changed).is_err(), "byte {at}");
            assert!(open(&keys, "state/a", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    /// The expected value is computed as `docs/operate.md` says, by Python's `hmac`.
    #[test]
    fn a_receipt_is_signed_as_the_documentation_says() {
        let (id, hmac) = StateKey::new(TEXT).unwrap().sign(br#"{"action":"audit"}"#).unwrap();
        assert_eq!(id, "5ec4f03acfe74e4d");
        assert_eq!(hexadecimal(&hmac), "d96ef7a0ed089ef3481084ec241356e86967ce4100f709fc3bdb1e2d22f8cb5a");
    }

    #[test]
    fn a_state_key_is_long_and_shown_nowhere() {
        assert!(StateKey::new("too short").is_none());
        let shown = format!("{:?}", StateKey::new(TEXT).unwrap());
        assert!(!shown.contains("canary") && shown.len() == "StateKey()".len() + 16, "{shown}");
    }
}
