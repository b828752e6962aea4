//! Messages that only a device can read (RFC 8291 over the encoding `aes128gcm` of RFC 8188), in one record.
//!
//! ```text
//! salt (16) ‖ record size (4) ‖ length of the key (1) ‖ our public key (65) ‖ AES-128-GCM(content ‖ 0x02 ‖ zeros)
//! ```

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom, SystemRandom};

use super::Push;
use super::inside::inside;
use crate::domain::delivery::push_address::{PUBLIC_KEY_BYTES, PushKeys};

/// Most bytes of a message that a push service must take (RFC 8030 section 7.2), header and tag included.
pub(super) const MAX_BYTES: usize = 4096;
/// The record size that the header names: all of a message is one record.
const RECORD_BYTES: u32 = 4096;
const SALT_BYTES: usize = 16;
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + PUBLIC_KEY_BYTES;
/// The one record is the last (RFC 8188 section 2).
const LAST_RECORD: u8 = 2;
/// Most bytes of what is inside.
const MAX_CONTENT_BYTES: usize = MAX_BYTES - HEADER_BYTES - MAX_TAG_LEN - 1;
/// Contents are filled up to so many bytes, or twice as many, and so on: their length says nothing of a code or a name.
const FILLED_TO: usize = 512;

/// Why a message was not sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The device's public key is no point of the curve.
    #[error("the public key is no point of P-256")]
    Keys,
    /// What is inside has no room.
    #[error("the message has more than {MAX_CONTENT_BYTES} bytes")]
    TooLarge,
    /// The operating system gives no random bytes.
    #[error("no random bytes")]
    Random,
}

/// Whether something can be sealed for these keys: the point is on the curve.
///
/// # Errors
/// [`SealError`].
pub fn check(keys: &PushKeys) -> Result<(), SealError> {
    seal(keys, b"").map(drop)
}

/// Seals a message for a device.
///
/// # Errors
/// [`SealError`].
pub fn seal(keys: &PushKeys, content: &[u8]) -> Result<Vec<u8>, SealError> {
    let random = &SystemRandom::new();
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, random).map_err(|_| SealError::Random)?;
    let our_public = ours.compute_public_key().map_err(|_| SealError::Random)?;
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt).map_err(|_| SealError::Random)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, keys.public());
    let agreed = agree_ephemeral(ours, &theirs, |shared| {
        let keys = derive(shared, keys, our_public.as_ref(), &salt);
        keys.map_err(|_| SealError::Random)
    });
    let (key, nonce) = agreed.map_err(|_| SealError::Keys)??;
    write(&key, nonce, our_public.as_ref(), &salt, content)
}

/// A push for a device that gave keys, sealed for a field of text: base64url without padding.
///
/// # Errors
/// [`SealError`].
pub(super) fn seal_push(keys: &PushKeys, push: &Push) -> Result<String, SealError> {
    Ok(URL_SAFE_NO_PAD.encode(seal(keys, &inside(push, None))?))
}

/// Key and nonce of the one record (RFC 8291 section 3.4).
fn derive(
    shared: &[u8],
    keys: &PushKeys,
    our_public: &[u8],
    salt: &[u8; SALT_BYTES],
) -> Result<(LessSafeKey, Nonce), Unspecified> {
    let info = [b"WebPush: info\0".as_slice(), keys.public(), our_public];
    let mut agreed = [0; 32];
    Salt::new(HKDF_SHA256, keys.auth()).extract(shared).expand(&info, Bytes(agreed.len()))?.fill(&mut agreed)?;
    let record = Salt::new(HKDF_SHA256, salt).extract(&agreed);
    let mut key = [0; 16];
    record.expand(&[b"Content-Encoding: aes128gcm\0"], Bytes(key.len()))?.fill(&mut key)?;
    let mut nonce = [0; NONCE_LEN];
    record.expand(&[b"Content-Encoding: nonce\0"], Bytes(nonce.len()))?.fill(&mut nonce)?;
    Ok((LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?), Nonce::assume_unique_for_key(nonce)))
}

fn write(
    key: &LessSafeKey,
    nonce: Nonce,
    our_public: &[u8],
    salt: &[u8; SALT_BYTES],
    content: &[u8],
) -> Result<Vec<u8>, SealError> {
    if content.len() > MAX_CONTENT_BYTES {
        return Err(SealError::TooLarge);
    }
    let filled = content.len().next_multiple_of(FILLED_TO).clamp(FILLED_TO, MAX_CONTENT_BYTES);
    write_filled(key, nonce, our_public, salt, content, filled)
}

fn write_filled(
    key: &LessSafeKey,
    nonce: Nonce,
    our_public: &[u8],
    salt: &[u8; SALT_BYTES],
    content: &[u8],
    filled: usize,
) -> Result<Vec<u8>, SealError> {
    let mut message = Vec::with_capacity(HEADER_BYTES + filled + 1 + MAX_TAG_LEN);
    message.extend_from_slice(salt);
    message.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    message.push(PUBLIC_KEY_BYTES as u8);
    message.extend_from_slice(our_public);
    message.extend_from_slice(content);
    message.push(LAST_RECORD);
    message.resize(HEADER_BYTES + filled + 1, 0);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut message[HEADER_BYTES..]);
    message.extend_from_slice(tag.map_err(|_| SealError::TooLarge)?.as_ref());
    Ok(message)
}

/// So many bytes of HKDF.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    /// RFC 8291 appendix A, from the agreed secret on: `ring` makes a key of its own each time, by design.
    #[test]
    fn the_example_of_rfc_8291_comes_out_byte_for_byte() {
        let keys = PushKeys::parse(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        );
        let our_public =
            decoded("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let salt = decoded("DGv6ra1nlYgDCS1FRnbzlw").try_into().expect("16 bytes");
        let shared = decoded("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let (key, nonce) = derive(&shared, &keys.expect("keys"), &our_public, &salt).expect("derived");
        let content = b"When I grow up, I want to be a watermelon";
        let message = write_filled(&key, nonce, &our_public, &salt, content, content.len()).expect("written");
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz\
                        AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(message), expected);
    }

    fn keys() -> PushKeys {
        let device = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key");
        let public = device.compute_public_key().expect("its point");
        PushKeys::from_bytes(&[public.as_ref(), &[7; 16]].concat()).expect("keys")
    }

    #[test]
    fn lengths_tell_nothing_and_what_has_no_room_is_refused() {
        let keys = keys();
        let length = |bytes| seal(&keys, &vec![b'x'; bytes]).map(|message| message.len());
        assert_eq!(length(0), length(FILLED_TO));
        assert_eq!(length(MAX_CONTENT_BYTES), Ok(MAX_BYTES));
        assert_eq!(length(MAX_CONTENT_BYTES + 1), Err(SealError::TooLarge));
    }

    #[test]
    fn a_point_beside_the_curve_is_refused() {
        let mut bytes = keys().to_bytes();
        bytes[20] ^= 1;
        let beside = PushKeys::from_bytes(&bytes).expect("of the right length");
        assert_eq!(check(&beside), Err(SealError::Keys));
        assert_eq!(check(&keys()), Ok(()));
    }
}
