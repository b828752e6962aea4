//! The text of a file of code keys, and what is done to it.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::domain::code::{InvalidCodeKeys, KeyId};
use crate::settings::random_line;

/// How long a key stays after it was the current one: a code lives for a day at most (`codes.confirmation_lifetime_seconds`), and
/// an hour is for nodes that take up the change later than others.
pub(super) const KEPT_FOR: SignedDuration = SignedDuration::from_hours(25);
/// What a comment says of a key before the time from which on it makes no codes.
const SINCE: &str = ": makes no codes since ";
const REVOKED: &str = "revoked";

/// The keys of a file in its order. The first that is not revoked is the current one.
pub(super) struct KeysText {
    comments: Vec<String>,
    entries: Vec<Entry>,
}

struct Entry {
    id: KeyId,
    /// Base64, or [`REVOKED`].
    value: Zeroizing<String>,
    /// From when on it makes no codes, if it ever made any.
    since: Option<Timestamp>,
}

/// Why a change was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Refused {
    #[error("holds a key {0} already: choose another id")]
    Taken(KeyId),
    #[error("holds no key {0}: `twostep code-keys list` shows which there are")]
    Unknown(KeyId),
    #[error("says that the key {0} is revoked: `twostep code-keys add` makes another")]
    Revoked(KeyId),
    #[error(
        "has {0} as its current key: make another the current one first, or `twostep code-keys rotate --revoke-old`"
    )]
    Current(KeyId),
}

impl KeysText {
    /// Reads what `CodeKeys::parse` took.
    pub(super) fn read(text: &SecretString) -> Result<Self, InvalidCodeKeys> {
        let mut comments = Vec::new();
        let mut entries = Vec::<Entry>::new();
        let mut times = Vec::new();
        let lines = text.expose_secret().split(['\n', ',']).map(str::trim).enumerate();
        for (index, line) in lines.filter(|(_, line)| !line.is_empty()) {
            if line.starts_with('#') {
                match time_of(line) {
                    Some(time) => times.push(time),
                    None => comments.push(line.to_owned()),
                }
                continue;
            }
            let entry = line.split_once(':').and_then(|(id, value)| {
                let value = Zeroizing::new(value.trim().to_owned());
                Some(Entry { id: KeyId::parse(id.trim())?, value, since: None })
            });
            entries.push(entry.ok_or(InvalidCodeKeys::Malformed(index + 1))?);
        }
        for (id, since) in times {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.id == id) {
                entry.since = Some(since);
            }
        }
        Ok(Self { comments, entries })
    }

    pub(super) fn new() -> Self {
        Self { comments: Vec::new(), entries: Vec::new() }
    }

    /// The text to write.
    pub(super) fn text(&self) -> Zeroizing<String> {
        // Room for all of it at once: a buffer that grows leaves copies behind.
        let comments: usize = self.comments.iter().map(|line| line.len() + 1).sum();
        let entries: usize =
            self.entries.iter().map(|entry| 2 * entry.id.as_str().len() + entry.value.len() + 80).sum();
        let mut text = Zeroizing::new(String::with_capacity(comments + entries));
        for line in &self.comments {
            text.push_str(line);
            text.push('\n');
        }
        for entry in &self.entries {
            if let Some(since) = entry.since {
                text.push_str(&format!("# {}{SINCE}{since}\n", entry.id));
            }
            text.push_str(entry.id.as_str());
            text.push(':');
            text.push_str(&entry.value);
            text.push('\n');
        }
        text
    }

    /// Adds a new random key, which makes codes only when it is the first; without an id `k` and the next number.
    pub(super) fn add(&mut self, id: Option<KeyId>) -> Result<KeyId, Refused> {
        let id = id.unwrap_or_else(|| self.next_id());
        if self.find(&id).is_some() {
            return Err(Refused::Taken(id));
        }
        let line = random_line(id.as_str());
        let (_, value) = line.split_once(':').unwrap_or_default();
        let value = Zeroizing::new(value.to_owned());
        self.entries.push(Entry { id: id.clone(), value, since: None });
        Ok(id)
    }

    /// Makes a key the current one.
    pub(super) fn promote(&mut self, id: &KeyId, now: Timestamp) -> Result<(), Refused> {
        let at = self.find(id).ok_or_else(|| Refused::Unknown(id.clone()))?;
        if *self.entries[at].value == REVOKED {
            return Err(Refused::Revoked(id.clone()));
        }
        if let Some(before) = self.current()
            && before != at
        {
            self.entries[before].since = Some(now);
        }
        let mut entry = self.entries.remove(at);
        entry.since = None;
        self.entries.insert(0, entry);
        Ok(())
    }

    /// Makes every code of a key wrong.
    pub(super) fn revoke(&mut self, id: &KeyId, now: Timestamp) -> Result<(), Refused> {
        let at = self.find(id).ok_or_else(|| Refused::Unknown(id.clone()))?;
        if self.current() == Some(at) {
            return Err(Refused::Current(id.clone()));
        }
        let entry = &mut self.entries[at];
        if *entry.value != REVOKED {
            entry.value = Zeroizing::new(REVOKED.to_owned());
            entry.since = Some(now);
        }
        Ok(())
    }

    /// Every key but the current one.
    pub(super) fn older(&self) -> Vec<KeyId> {
        let current = self.current();
        let others = self.entries.iter().enumerate().filter(|(at, _)| Some(*at) != current);
        others.map(|(_, entry)| entry.id.clone()).collect()
    }

    /// Drops keys, also revoked ones, whose last code has run out; returns which.
    pub(super) fn prune(&mut self, now: Timestamp) -> Vec<KeyId> {
        let is_over = |entry: &Entry| entry.since.is_some_and(|since| now.duration_since(since) >= KEPT_FOR);
        let (over, kept) = std::mem::take(&mut self.entries).into_iter().partition::<Vec<_>, _>(is_over);
        self.entries = kept;
        over.into_iter().map(|entry| entry.id).collect()
    }

    /// From when on a key makes no codes, if it ever made any and `twostep code-keys` knows it.
    pub(super) fn since(&self, id: &KeyId) -> Option<Timestamp> {
        self.find(id).and_then(|at| self.entries[at].since)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.entries.iter().map(|entry| &entry.id)
    }

    fn current(&self) -> Option<usize> {
        self.entries.iter().position(|entry| *entry.value != REVOKED)
    }

    fn find(&self, id: &KeyId) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == *id)
    }

    fn next_id(&self) -> KeyId {
        let number = |id: &KeyId| id.as_str().strip_prefix('k')?.parse::<u32>().ok();
        let last = self.ids().filter_map(number).max().unwrap_or(0);
        KeyId::parse(&format!("k{}", last.saturating_add(1))).expect("a letter and a number are an id")
    }
}

fn time_of(comment: &str) -> Option<(KeyId, Timestamp)> {
    let (id, since) = comment.trim_start_matches('#').trim_start().split_once(SINCE)?;
    Some((KeyId::parse(id)?, since.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use crate::domain::code::CodeKeys;

    use super::*;

    fn id(text: &str) -> KeyId {
        KeyId::parse(text).expect("valid")
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    /// What the gateway makes of it, after it was written and read once more.
    fn states(keys: &KeysText) -> String {
        let text = keys.text().as_str().into();
        assert_eq!(KeysText::read(&text).expect("valid").text(), keys.text());
        CodeKeys::parse(&text).expect("valid").to_string()
    }

    fn with(ids: &[&str]) -> KeysText {
        let mut keys = KeysText::new();
        for name in ids {
            keys.add(Some(id(name))).expect("added");
        }
        keys
    }

    #[test]
    fn a_key_is_added_without_making_codes_until_it_is_promoted() {
        let mut keys = with(&[]);
        assert_eq!((keys.add(None), keys.add(None)), (Ok(id("k1")), Ok(id("k2"))));
        assert_eq!(states(&keys), "k1 (current), k2 (accepted)");
        keys.promote(&id("k2"), at(1)).expect("promoted");
        assert_eq!(states(&keys), "k1 (accepted), k2 (current)");
        assert_eq!((keys.since(&id("k1")), keys.since(&id("k2"))), (Some(at(1)), None));
        assert_eq!(keys.add(Some(id("k1"))), Err(Refused::Taken(id("k1"))));
        assert_eq!(keys.promote(&id("k9"), at(1)), Err(Refused::Unknown(id("k9"))));
    }

    #[test]
    fn a_key_goes_when_its_last_code_ran_out_and_not_before() {
        let mut keys = with(&["k1", "k2", "k3"]);
        keys.promote(&id("k2"), at(10)).expect("promoted");
        assert_eq!(keys.prune(at(10) + KEPT_FOR - SignedDuration::from_secs(1)), []);
        assert_eq!(keys.prune(at(10) + KEPT_FOR), [id("k1")]);
        assert_eq!(states(&keys), "k2 (current), k3 (accepted)", "one that waits to be promoted stays");
    }

    #[test]
    fn a_key_that_is_promoted_again_stays() {
        let mut keys = with(&["k1", "k2"]);
        keys.promote(&id("k2"), at(0)).expect("promoted");
        keys.promote(&id("k1"), at(1)).expect("promoted");
        assert_eq!(keys.prune(at(25)), []);
        assert_eq!(keys.prune(at(26)), [id("k2")]);
    }

    #[test]
    fn a_revoked_key_is_no_key_any_more_and_the_current_one_is_not_revoked() {
        let mut keys = with(&["k1", "k2"]);
        assert_eq!(keys.revoke(&id("k1"), at(0)), Err(Refused::Current(id("k1"))));
        keys.promote(&id("k2"), at(0)).expect("promoted");
        keys.revoke(&id("k1"), at(1)).expect("revoked");
        assert_eq!(states(&keys), "k1 (revoked), k2 (current)");
        assert_eq!(keys.promote(&id("k1"), at(2)), Err(Refused::Revoked(id("k1"))));
        assert!(keys.text().contains("k1:revoked\n"));
        assert_eq!(keys.prune(at(26)), [id("k1")]);
    }

    #[test]
    fn what_people_wrote_into_the_file_stays() {
        let text = "# ours\n# k1: makes no codes since long\nk1:AA==, k2:BB==\n".to_owned().into();
        let keys = KeysText::read(&text).expect("valid");
        assert_eq!(*keys.text(), "# ours\n# k1: makes no codes since long\nk1:AA==\nk2:BB==\n");
    }
}
