//! Recovery codes: what an owner keeps on paper for the day when no trusted device is at hand. Each stands once in the place of a code
//! (look-up secrets, NIST SP 800-63B-4 section 3.1.2).

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::value::id::AccountId;

/// Codes that an account is given at a time.
pub const CODES: usize = 10;
/// From so many left on their owner is reminded to make new ones.
pub const FEW: u32 = 2;
/// Codes that one challenge compares. No more than that is needed to type one of ten from paper. Guesses find nothing: a code has
/// 100 random bits, and rates need not be limited from 64 on (NIST SP 800-63B-4 section 3.1.2.2). So nothing is counted for the
/// account, which whoever knows the password could use up.
pub const MAX_ATTEMPTS: i16 = 10;
/// Letters of a code: 5 random bits each.
const LETTERS: usize = 20;
/// Letters between two hyphens.
const GROUP: usize = 5;
/// Base 32 without letters that look like digits or others (Crockford's).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bytes of a salt: 128 bits (NIST SP 800-132 section 5.1).
pub const SALT_BYTES: usize = 16;
/// What a hash is of, so that it equals no other.
const LABEL: &[u8] = b"twostep recovery code";

/// A recovery code. `Debug` hides it.
#[derive(Clone)]
pub struct RecoveryCode(SecretString);

/// The text is no recovery code, whatever its letters: it is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have {LETTERS} letters and digits, such as 7K3MD-9QXW2-0FGRT-HBN4C")]
pub struct NoRecoveryCode;

impl RecoveryCode {
    /// Makes a code of random bytes; of each five bits are used.
    #[must_use]
    pub fn from_random(bytes: [u8; LETTERS]) -> Self {
        let bytes = Zeroizing::new(bytes);
        // With room for all of it at once: text that grows leaves copies behind.
        let mut text = String::with_capacity(LETTERS + LETTERS / GROUP);
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 && at.is_multiple_of(GROUP) {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(byte & 31)]));
        }
        Self(text.into())
    }

    /// Reads a code as people type it: small letters, no hyphens or other ones, letters that look like digits, wide letters of East Asian
    /// keyboards, invisible characters of whatever it was pasted from.
    ///
    /// # Errors
    /// [`NoRecoveryCode`].
    pub fn parse(typed: &SecretString) -> Result<Self, NoRecoveryCode> {
        let mut letters = Zeroizing::new([0; LETTERS]);
        let mut count = 0;
        for letter in typed.expose_secret().chars().filter_map(letter) {
            *letters.get_mut(count).ok_or(NoRecoveryCode)? = value(letter).ok_or(NoRecoveryCode)?;
            count += 1;
        }
        if count == LETTERS { Ok(Self::from_random(*letters)) } else { Err(NoRecoveryCode) }
    }

    /// The code, to hand to its owner: `7K3MD-9QXW2-0FGRT-HBN4C`.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored: SHA-256 over a salt, the account and the code. Nobody tries 2^100 codes, so it need not be slow.
    #[must_use]
    pub fn hash(&self, salt: &[u8], account: AccountId) -> [u8; 32] {
        let digest = Sha256::new().chain_update(LABEL).chain_update(salt).chain_update(account.uuid());
        digest.chain_update(self.expose()).finalize().into()
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RecoveryCode(hidden)")
    }
}

/// A letter or digit as it was meant; `None` for what only stands around.
fn letter(typed: char) -> Option<char> {
    // Full-width forms are 0xFEE0 above ASCII (Unicode block U+FF00).
    let narrow = match typed {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(typed) - 0xfee0)?,
        other => other,
    };
    narrow.is_alphanumeric().then_some(narrow)
}

fn value(letter: char) -> Option<u8> {
    let upper = letter.to_ascii_uppercase();
    let meant = match upper {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let at = ALPHABET.iter().position(|known| char::from(*known) == meant)?;
    u8::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn parse(text: &str) -> Result<String, NoRecoveryCode> {
        RecoveryCode::parse(&text.into()).map(|code| code.expose().to_owned())
    }

    #[test]
    fn a_code_is_read_however_people_type_it() {
        let code = "7K3MD-9QXW2-0FGRT-HBN4C";
        for typed in [
            code,
            "7k3md9qxw20fgrthbn4c",
            " 7K3MD – 9QXW2 – OFGRT – HBN4C\n",
            "７Ｋ３ＭＤ９ＱＸＷ２０ＦＧＲＴＨＢＮ４Ｃ",
            "7K3MD-9QXW2-oFGRT-HBN4C\u{200b}",
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(code), "{typed}");
        }
        assert_eq!(parse("iiiii-LLLLL-lllll-IIIII").as_deref(), Ok("11111-11111-11111-11111"));
        for none in ["", "7K3MD-9QXW2-0FGRT-HBN4", "7K3MD-9QXW2-0FGRT-HBN4CC", "7K3MD-9QXW2-0FGRT-HBN4U", "123456", "ő"]
        {
            assert_eq!(parse(none), Err(NoRecoveryCode), "{none}");
        }
    }

    proptest! {
        #[test]
        fn every_code_is_read_as_it_is_written(bytes in any::<[u8; LETTERS]>()) {
            let code = RecoveryCode::from_random(bytes);
            let read = parse(code.expose());
            prop_assert_eq!(read.as_deref(), Ok(code.expose()));
        }
    }

    #[test]
    fn a_hash_is_of_one_account_and_salt() {
        let code = RecoveryCode::from_random([7; LETTERS]);
        let [one, other] = [1, 2].map(|id| AccountId::new(Uuid::from_u128(id)));
        assert_eq!(code.hash(&[1; 16], one), code.hash(&[1; 16], one));
        assert_ne!(code.hash(&[1; 16], one), code.hash(&[2; 16], one));
        assert_ne!(code.hash(&[1; 16], one), code.hash(&[1; 16], other));
        assert_eq!(format!("{code:?}"), "RecoveryCode(hidden)");
    }
}
