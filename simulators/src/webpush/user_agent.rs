//! The user agent's end: the keys of a subscription, and reading what was encrypted for them.
//!
//! Sources: RFC 8291 sections 3 and 4 (the keys) and RFC 8188 section 2 (the `aes128gcm` content coding).

use aes_gcm::aead::Aead;
use aes_gcm::{Aes128Gcm, KeyInit};
use hkdf::Hkdf;
use p256::elliptic_curve::Generate;
use p256::{PublicKey, SecretKey};
use rand::Rng;
use sha2::Sha256;

/// Salt, record size, length of the key's id.
const FIXED_HEADER_BYTES: usize = 16 + 4 + 1;
/// An uncompressed point of P-256, which is the key's id.
const POINT_BYTES: usize = 65;
const TAG_BYTES: usize = 16;
/// What follows the plaintext in the last record (RFC 8188 section 2).
const LAST_RECORD: u8 = 2;

/// The keys of one subscription.
#[derive(Debug)]
pub(super) struct UserAgent {
    private_key: SecretKey,
    pub(super) public_key: Vec<u8>,
    pub(super) auth: [u8; 16],
}

/// The parts of an encrypted message.
struct Message<'a> {
    salt: &'a [u8],
    sender_key: PublicKey,
    sender_point: &'a [u8],
    ciphertext: &'a [u8],
}

impl UserAgent {
    pub(super) fn generate() -> Self {
        let mut random = rand::rng();
        let private_key = SecretKey::generate_from_rng(&mut random);
        let mut auth = [0; 16];
        random.fill_bytes(&mut auth);
        Self::new(private_key, auth)
    }

    fn new(private_key: SecretKey, auth: [u8; 16]) -> Self {
        let public_key = private_key.public_key().to_sec1_bytes().into_vec();
        Self { private_key, public_key, auth }
    }

    /// Decrypts a message and takes its padding away; the error says what is wrong with it.
    pub(super) fn decrypt(&self, body: &[u8]) -> Result<Vec<u8>, &'static str> {
        let message = Message::parse(body)?;
        let (key, nonce) = self.key_and_nonce(&message)?;
        let cipher = Aes128Gcm::new(&key.into());
        let opened = cipher.decrypt(&nonce.into(), message.ciphertext);
        without_padding(opened.map_err(|_| "The message does not decrypt with the keys of its subscription.")?)
    }

    /// RFC 8291 section 3.4, with the key and nonce of RFC 8188 sections 2.2 and 2.3 for the first record.
    fn key_and_nonce(&self, message: &Message<'_>) -> Result<([u8; 16], [u8; 12]), &'static str> {
        let wrong_length = |_| "HKDF cannot make keys of that length.";
        let shared_secret = self.private_key.diffie_hellman(&message.sender_key);
        let info = [b"WebPush: info\0", self.public_key.as_slice(), message.sender_point].concat();
        let mut input = [0; 32];
        let combined = shared_secret.extract::<Sha256>(Some(&self.auth));
        combined.expand(&info, &mut input).map_err(wrong_length)?;
        let derived = Hkdf::<Sha256>::new(Some(message.salt), &input);
        let mut key = [0; 16];
        derived.expand(b"Content-Encoding: aes128gcm\0", &mut key).map_err(wrong_length)?;
        let mut nonce = [0; 12];
        derived.expand(b"Content-Encoding: nonce\0", &mut nonce).map_err(wrong_length)?;
        Ok((key, nonce))
    }
}

impl<'a> Message<'a> {
    fn parse(body: &'a [u8]) -> Result<Self, &'static str> {
        let (header, rest) = body.split_at_checked(FIXED_HEADER_BYTES).ok_or("The message has no whole header.")?;
        let (salt, sizes) = header.split_at(16);
        let (record_size, id_length) = sizes.split_at(4);
        let record_size = record_size.iter().fold(0_usize, |size, byte| size << 8 | usize::from(*byte));
        if id_length != [65] {
            return Err("The key id is not a point of 65 bytes.");
        }
        let (sender_point, ciphertext) = rest.split_at_checked(POINT_BYTES).ok_or("The key id is cut short.")?;
        let sender_key = public_key(sender_point).ok_or("The key id is no point of P-256.")?;
        if ciphertext.len() <= TAG_BYTES {
            return Err("The record is too short.");
        }
        // RFC 8291 section 4: one record only, and its size is greater than what is in it.
        match ciphertext.len() < record_size {
            true => Ok(Self { salt, sender_key, sender_point, ciphertext }),
            false => Err("The record size is not greater than the record."),
        }
    }
}

/// An uncompressed point of P-256.
pub(super) fn public_key(point: &[u8]) -> Option<PublicKey> {
    let is_uncompressed = point.len() == POINT_BYTES && point.first() == Some(&4);
    is_uncompressed.then(|| PublicKey::from_sec1_bytes(point).ok())?
}

fn without_padding(mut record: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    let end = record.iter().rposition(|byte| *byte != 0).ok_or("The record is padding only.")?;
    if record[end] != LAST_RECORD {
        return Err("The record is not the last one.");
    }
    record.truncate(end);
    Ok(record)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    /// RFC 8291 section 5 and appendix A.
    const PRIVATE_KEY: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
    const PUBLIC_KEY: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz\
                        AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn user_agent() -> UserAgent {
        UserAgent::new(SecretKey::from_slice(&decode(PRIVATE_KEY)).unwrap(), decode(AUTH).try_into().unwrap())
    }

    #[test]
    fn the_example_of_the_standard_is_read() {
        let user_agent = user_agent();
        assert_eq!(user_agent.public_key, decode(PUBLIC_KEY));
        let message = user_agent.decrypt(&decode(BODY)).unwrap();
        assert_eq!(String::from_utf8(message).unwrap(), "When I grow up, I want to be a watermelon");
    }

    #[test]
    fn each_part_of_a_message_counts() {
        let user_agent = user_agent();
        let body = decode(BODY);
        // Salt, record size, length of the key's id, the key's id, ciphertext, tag.
        for place in [0, 18, 20, 40, 90, body.len() - 1] {
            let mut changed = body.clone();
            changed[place] ^= 0x10;
            assert!(user_agent.decrypt(&changed).is_err(), "byte {place}");
        }
        for length in [0, 20, 21, 85, 86, 102, body.len() - 1] {
            assert!(user_agent.decrypt(&body[..length]).is_err(), "{length} bytes");
        }
        assert!(UserAgent::generate().decrypt(&body).is_err());
    }

    #[test]
    fn padding_is_taken_away() {
        assert_eq!(without_padding(vec![7, 0, 2, 0, 0]), Ok(vec![7, 0]));
        assert_eq!(without_padding(vec![2]), Ok(vec![]));
        for wrong in [vec![], vec![0, 0], vec![7, 1, 0]] {
            assert!(without_padding(wrong).is_err());
        }
    }
}
