//! argon2id in PHC format, with memory that is used again.
//!
//! A hash touches 19 MiB. From the allocator that is fresh memory each time, which the system clears page by page: that took longer
//! than the hashing itself. What is left in it between two hashes is what any freed memory holds: nothing is read from it
//! before it is written.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// Bytes of a salt (RFC 9106 section 3.1).
const SALT_BYTES: usize = 16;
/// Bytes of a hash (RFC 9106 section 4).
const HASH_BYTES: usize = 32;

/// Computes hashes.
pub(in crate::service) struct Hasher {
    params: Params,
    memory: Mutex<Memory>,
}

/// What hashes are computed in.
#[derive(Default)]
struct Memory {
    free: Vec<Vec<Block>>,
    in_use: usize,
    /// The most in use at the same time since [`Hasher::forget_unused`].
    most: usize,
}

impl Hasher {
    /// # Errors
    /// The text says which cost argon2 does not take.
    pub(in crate::service) fn new(memory_kib: u32, iterations: u32) -> Result<Self, argon2::Error> {
        Ok(Self { params: Params::new(memory_kib, iterations, 1, Some(HASH_BYTES))?, memory: Mutex::default() })
    }

    /// The hash of a password with a fresh salt.
    ///
    /// # Errors
    /// When the password is longer than 4 GiB.
    pub(in crate::service) fn hash(&self, password: &[u8]) -> Result<SecretString, argon2::password_hash::Error> {
        let salt = Salt::new(&rand::random::<[u8; SALT_BYTES]>())?;
        let mut hash = [0; HASH_BYTES];
        self.compute(Algorithm::Argon2id, Version::V0x13, self.params.clone(), password, &salt, &mut hash)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params)?,
            salt: Some(salt),
            hash: Some(Output::new(&hash)?),
        };
        Ok(hash.to_string().into())
    }

    /// Whether a password has this hash, of whatever cost it is. What is no hash of argon2 is nobody's.
    pub(in crate::service) fn verify(&self, password: &[u8], stored: &SecretString) -> bool {
        self.try_verify(password, stored).unwrap_or(false)
    }

    fn try_verify(&self, password: &[u8], stored: &SecretString) -> Result<bool, argon2::password_hash::Error> {
        let stored = PasswordHash::new(stored.expose_secret())?;
        let algorithm = Algorithm::try_from(stored.algorithm.as_str())?;
        let version = stored.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else { return Ok(false) };
        let mut hash = vec![0; expected.len()];
        self.compute(algorithm, version, Params::try_from(&stored)?, password, &salt, &mut hash)?;
        Ok(expected.as_bytes().ct_eq(&hash).into())
    }

    /// Gives memory back that was not needed since the last time, for a node that nobody signs in to with a password any more.
    pub(in crate::service) fn forget_unused(&self) {
        let mut memory = self.memory();
        let keep = memory.most - memory.in_use;
        memory.free.truncate(keep);
        memory.most = memory.in_use;
    }

    fn compute(
        &self,
        algorithm: Algorithm,
        version: Version,
        params: Params,
        password: &[u8],
        salt: &[u8],
        hash: &mut [u8],
    ) -> Result<(), argon2::Error> {
        let mut memory = self.memory().take();
        let blocks = params.block_count();
        if memory.len() < blocks {
            memory = vec![Block::new(); blocks];
        }
        let argon2 = Argon2::new(algorithm, version, params);
        let computed = argon2.hash_password_into_with_memory(password, salt, hash, &mut memory[..blocks]);
        self.memory().put(memory);
        computed
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn take(&mut self) -> Vec<Block> {
        self.in_use += 1;
        self.most = self.most.max(self.in_use);
        self.free.pop().unwrap_or_default()
    }

    fn put(&mut self, memory: Vec<Block>) {
        self.in_use -= 1;
        self.free.push(memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the reference implementation's tests (P-H-C/phc-winner-argon2, src/test.c).
    const REFERENCE: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    #[test]
    fn hashes_of_others_verify_whatever_they_cost() {
        let hasher = Hasher::new(64, 1).expect("a cost");
        let stored = REFERENCE.to_owned().into();
        for _ in 0..2 {
            assert!(hasher.verify(b"password", &stored));
            assert!(!hasher.verify(b"differentpassword", &stored));
            let own = hasher.hash(b"another").expect("hashed");
            assert!(hasher.verify(b"another", &own), "in memory that a greater hash left");
            assert!(!hasher.verify(b"password", &own));
        }
        assert_eq!(hasher.memory().free.len(), 1);
        hasher.forget_unused();
        assert_eq!(hasher.memory().free.len(), 1, "it was needed");
        hasher.forget_unused();
        assert_eq!(hasher.memory().free.len(), 0);
    }

    #[test]
    fn what_is_no_hash_is_nobodys() {
        let hasher = Hasher::new(64, 1).expect("a cost");
        let other = REFERENCE.replace("argon2id", "scrypt");
        let short = REFERENCE.replace("$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "");
        for stored in ["", "password", &other, &short] {
            assert!(!hasher.verify(b"password", &stored.to_owned().into()), "{stored}");
        }
    }
}
