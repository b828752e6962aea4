//! The keys that codes are derived with, and what became of older ones.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Code, CodeSource, KEY_BYTES, derive};

/// What stands in the place of the key of an id that is revoked.
const REVOKED: &str = "revoked";
/// Of the key for what nodes tell one another.
const FACTS_LABEL: &str = "twostep: facts between nodes";
/// Fewest different bytes in a key that can have come from a random generator: 32 random bytes have 30 on average, and fewer
/// than this many once in more than 10^12 keys.
const LEAST_DIFFERENT_BYTES: usize = 18;

/// The name of a code key, stored with each challenge so that rotation keeps open challenges valid.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// Takes a name of 1 to 32 letters, digits, `-`, `_` or `.`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=32).contains(&text.len());
        let is_plain =
            text.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.'));
        (fits && is_plain).then(|| Self(text.to_owned()))
    }

    /// The name, for storage.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The keys that codes are derived with: the current one, older ones for challenges still open, and the ids of revoked ones.
pub struct CodeKeys {
    current: KeyId,
    keys: BTreeMap<KeyId, Held>,
}

/// What is held of an id.
enum Held {
    Key(Zeroizing<[u8; KEY_BYTES]>),
    Revoked,
}

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// New codes are derived with it.
    Current,
    /// Codes that were derived with it are good.
    Accepted,
    /// No code of it is good any more.
    Revoked,
}

impl KeyState {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
        }
    }
}

/// Why there is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCode {
    /// This node does not hold the key, though others may: whether a typed code is right cannot be told here.
    UnknownKey,
    /// The key was revoked: whatever is typed is wrong.
    RevokedKey,
}

/// Why a list of code keys was refused.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum InvalidCodeKeys {
    /// No key at all.
    #[error("holds no key; write one line `key-id:BASE64-OF-32-RANDOM-BYTES`, or let `twostep code-keys add` do it")]
    Empty,
    /// A line is not `key-id:base64` of 32 bytes.
    #[error("line {0} is not `key-id:BASE64-OF-32-RANDOM-BYTES` or `key-id:revoked`")]
    Malformed(usize),
    /// The same id twice.
    #[error("line {0} repeats a key id")]
    Repeated(usize),
}

/// Why a key cannot have come from a random generator, or was made for something else than production.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum WeakKey {
    /// Too few different bytes: zeros, a pattern, a sample.
    #[error("is not random (a sample, a pattern or zeros)")]
    Repetitive,
    /// Each byte differs from the one before by the same.
    #[error("is not random (it only counts)")]
    Counting,
    /// Text: a password or a word, not 32 random bytes.
    #[error("is a text, not 32 random bytes")]
    Text,
    /// It has the id that the key of a development database has.
    #[error("was made for development")]
    Development,
}

impl CodeKeys {
    /// The id of keys that are made in development, or how it begins: what follows a `-` tells them apart.
    pub const DEVELOPMENT_ID: &str = "development";

    /// Reads keys, one a line (or separated by commas) as `id:base64`, or `id:revoked`. The first that is not revoked is the
    /// current one.
    ///
    /// # Errors
    /// [`InvalidCodeKeys`] names the line, never its content.
    pub fn parse(text: &SecretString) -> Result<Self, InvalidCodeKeys> {
        let mut keys = BTreeMap::new();
        let mut current = None;
        let lines = text.expose_secret().split(['\n', ',']).map(str::trim).enumerate();
        for (index, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let (id, held) = Self::parse_line(line).ok_or(InvalidCodeKeys::Malformed(index + 1))?;
            if matches!(held, Held::Key(_)) {
                current.get_or_insert_with(|| id.clone());
            }
            if keys.insert(id, held).is_some() {
                return Err(InvalidCodeKeys::Repeated(index + 1));
            }
        }
        current.map(|current| Self { current, keys }).ok_or(InvalidCodeKeys::Empty)
    }

    /// One key alone.
    #[must_use]
    pub fn single(id: KeyId, key: [u8; KEY_BYTES]) -> Self {
        Self { current: id.clone(), keys: BTreeMap::from([(id, Held::Key(Zeroizing::new(key)))]) }
    }

    fn parse_line(line: &str) -> Option<(KeyId, Held)> {
        let (id, key) = line.split_once(':')?;
        let id = KeyId::parse(id.trim())?;
        let key = key.trim();
        if key == REVOKED {
            return Some((id, Held::Revoked));
        }
        let bytes = Zeroizing::new(STANDARD.decode(key).ok()?);
        Some((id, Held::Key(Zeroizing::new(bytes.as_slice().try_into().ok()?))))
    }

    /// The key that new codes use.
    #[must_use]
    pub fn current(&self) -> &KeyId {
        &self.current
    }

    /// Every id with what it is good for, in the order of the ids.
    pub fn states(&self) -> impl Iterator<Item = (&KeyId, KeyState)> {
        self.keys.iter().map(|(id, held)| match held {
            Held::Revoked => (id, KeyState::Revoked),
            Held::Key(_) if *id == self.current => (id, KeyState::Current),
            Held::Key(_) => (id, KeyState::Accepted),
        })
    }

    /// What an id is good for; `None` when it is not here.
    #[must_use]
    pub fn state(&self, id: &KeyId) -> Option<KeyState> {
        self.states().find(|(known, _)| *known == id).map(|(_, state)| state)
    }

    /// The code of a challenge.
    ///
    /// # Errors
    /// [`NoCode`] when this node does not hold its key, or the key was revoked: verification then fails closed.
    pub fn derive(&self, source: &CodeSource<'_>) -> Result<Code, NoCode> {
        match self.keys.get(source.key_id) {
            Some(Held::Key(key)) => Ok(derive(key, source)),
            Some(Held::Revoked) => Err(NoCode::RevokedKey),
            None => Err(NoCode::UnknownKey),
        }
    }

    /// A secret of its own for another purpose, from each key that is not revoked: HMAC-SHA-256 with a label (NIST SP 800-108
    /// section 4.1, one block). A label is ASCII; what a code is derived from begins
    /// with a UUID, whose ninth byte is none (RFC 9562 section 4.1).
    pub(in crate::domain) fn subkeys(&self, label: &str) -> impl Iterator<Item = (&KeyId, Zeroizing<[u8; KEY_BYTES]>)> {
        self.keys.iter().filter_map(move |(id, held)| match held {
            Held::Key(key) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(&**key).expect("HMAC takes any key");
                mac.update(label.as_bytes());
                Some((id, Zeroizing::new(mac.finalize().into_bytes().into())))
            }
            Held::Revoked => None,
        })
    }

    /// The MAC of a fact that nodes tell one another, with a key of its own: HMAC-SHA-256. `None` when the key is not held.
    #[must_use]
    pub fn fact_mac(&self, key: &KeyId, fact: &[u8]) -> Option<[u8; KEY_BYTES]> {
        let (_, subkey) = self.subkeys(FACTS_LABEL).find(|(id, _)| *id == key)?;
        Some(hmac(&subkey, fact).finalize().into_bytes().into())
    }

    /// Whether any key that is held made this MAC of a fact. In constant time for each key.
    #[must_use]
    pub fn made_fact_mac(&self, fact: &[u8], mac: &[u8]) -> bool {
        self.subkeys(FACTS_LABEL).any(|(_, subkey)| hmac(&subkey, fact).verify_slice(mac).is_ok())
    }

    /// The current key's secret for another purpose.
    pub(in crate::domain) fn current_subkey(&self, label: &str) -> (&KeyId, Zeroizing<[u8; KEY_BYTES]>) {
        self.subkeys(label).find(|(id, _)| **id == self.current).expect("the current key is held")
    }

    /// A MAC for one purpose, with a key of its own from the current one: HMAC-SHA-256.
    pub(in crate::domain) fn mac(&self, label: &str, bytes: &[u8]) -> [u8; KEY_BYTES] {
        let (_, subkey) = self.current_subkey(label);
        hmac(&subkey, bytes).finalize().into_bytes().into()
    }

    /// Whether any key that is held made this MAC for that purpose. In constant time for each key.
    pub(in crate::domain) fn made_mac(&self, label: &str, bytes: &[u8], mac: &[u8]) -> bool {
        self.subkeys(label).any(|(_, subkey)| hmac(&subkey, bytes).verify_slice(mac).is_ok())
    }

    /// The same for the first bytes of a MAC.
    pub(in crate::domain) fn made_start_of_mac(&self, label: &str, bytes: &[u8], start: &[u8]) -> bool {
        self.subkeys(label).any(|(_, subkey)| hmac(&subkey, bytes).verify_truncated_left(start).is_ok())
    }

    /// An id that has another key in `newer`: a new key needs a new id, or open codes turn wrong.
    #[must_use]
    pub fn contradicted_by<'a>(&self, newer: &'a Self) -> Option<&'a KeyId> {
        let differs = |id: &KeyId, new: &Held| match (self.keys.get(id), new) {
            (Some(Held::Key(old)), Held::Key(new)) => !bool::from(old.ct_eq(&**new)),
            _ => false,
        };
        newer.keys.iter().find(|(id, held)| differs(id, held)).map(|(id, _)| id)
    }

    /// The first key that production must not use.
    #[must_use]
    pub fn weakness(&self) -> Option<(&KeyId, WeakKey)> {
        self.keys.iter().find_map(|(id, held)| match held {
            Held::Key(_) if is_of_development(id) => Some((id, WeakKey::Development)),
            Held::Key(key) => weakness(key).map(|weak| (id, weak)),
            Held::Revoked => None,
        })
    }
}

/// The ids with what they are good for, and no key: `k2 (current), k1 (accepted)`.
impl std::fmt::Display for CodeKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (id, state)) in self.states().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{id} ({})", state.as_str())?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for CodeKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CodeKeys").field("current", &self.current).finish_non_exhaustive()
    }
}

fn hmac(key: &[u8; KEY_BYTES], bytes: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    mac.update(bytes);
    mac
}

/// Whether development made the key of this id.
fn is_of_development(id: &KeyId) -> bool {
    let rest = id.as_str().strip_prefix(CodeKeys::DEVELOPMENT_ID);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Finds out keys that no random generator makes: the chance to refuse one that it made is below 10^-12.
fn weakness(key: &[u8; KEY_BYTES]) -> Option<WeakKey> {
    let step = |pair: &[u8]| pair[1].wrapping_sub(pair[0]);
    let first_step = step(&key[..2]);
    if first_step != 0 && key.windows(2).all(|pair| step(pair) == first_step) {
        return Some(WeakKey::Counting);
    }
    if key.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return Some(WeakKey::Text);
    }
    let mut seen = [false; 256];
    for byte in key {
        seen[usize::from(*byte)] = true;
    }
    let different = seen.iter().filter(|seen| **seen).count();
    (different < LEAST_DIFFERENT_BYTES).then_some(WeakKey::Repetitive)
}

#[cfg(test)]
mod tests;
