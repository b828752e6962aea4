//! Assertions: what a gateway tells an app of a verification that succeeded, signed, so that no call is needed to believe it.
//!
//! A JSON Web Token (RFC 7519) in compact form, signed with Ed25519 (RFC 8037). Each code key has a signing key of its own that is
//! derived from it: there is no second secret to guard, and keys rotate together.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};

use crate::domain::account::subject::Subject;
use crate::domain::challenge::Method;
use crate::domain::code::CodeKeys;
use crate::domain::value::id::{ChallengeId, DeviceId};

/// What the signing keys are derived with.
const LABEL: &str = "twostep: the key that signs assertions, Ed25519, version 1";
/// How an assertion was come by (RFC 8176 section 2): a one-time password, beside the password that the app had checked.
const METHODS: [&str; 2] = ["otp", "mfa"];

/// By which name the header calls the signature, which is Ed25519 by both, and what it says the token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum AssertionHeader {
    /// The older name (RFC 8037), which every library knows; `typ` is `JWT`.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// The name that replaces it (RFC 9864 section 2.2); `typ` says what the token is, so that none of another kind can stand in for it
    /// (RFC 8725 section 3.11).
    Ed25519,
}

impl AssertionHeader {
    fn alg(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }

    fn typ(self) -> &'static str {
        match self {
            Self::EdDsa => "JWT",
            Self::Ed25519 => "twostep-verification+jwt",
        }
    }
}

/// What an assertion says.
pub struct Assertion<'a> {
    /// Who says it.
    pub issuer: &'a str,
    /// To whom.
    pub audience: &'a str,
    /// Of whom.
    pub subject: &'a Subject,
    /// Of which verification.
    pub verification: ChallengeId,
    /// On which device the code was typed, while it is known.
    pub device: Option<DeviceId>,
    /// How the code travelled.
    pub method: Method,
    /// When the code was typed.
    pub verified_at: Timestamp,
    /// For how long it is good.
    pub lifetime: SignedDuration,
    /// How its header is written.
    pub header: AssertionHeader,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    jti: ChallengeId,
    iat: i64,
    exp: i64,
    auth_time: i64,
    amr: [&'static str; 2],
    method: Method,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<DeviceId>,
}

/// A public key (RFC 7517 section 4, RFC 8037 section 2).
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Jwk {
    /// `OKP`: an octet key pair.
    kty: &'static str,
    /// `Ed25519`.
    crv: &'static str,
    /// `EdDSA` or `Ed25519`, as the gateway names it.
    alg: &'static str,
    /// `sig`: it checks signatures.
    r#use: &'static str,
    /// Which key; the header of an assertion names it.
    kid: String,
    /// The key in base64url.
    x: String,
}

impl Assertion<'_> {
    /// The token that says it, signed with the current key.
    #[must_use]
    pub fn sign(&self, keys: &AssertionKeys, now: Timestamp) -> String {
        let (kid, pair) = &keys.pairs[keys.current];
        let header = Header { alg: self.header.alg(), typ: self.header.typ(), kid };
        let claims = Claims {
            iss: self.issuer,
            aud: self.audience,
            sub: self.subject.as_str(),
            jti: self.verification,
            iat: now.as_second(),
            exp: now.as_second() + self.lifetime.as_secs(),
            auth_time: self.verified_at.as_second(),
            amr: METHODS,
            method: self.method,
            device_id: self.device,
        };
        let mut token = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = pair.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }
}

/// The keys that assertions are signed with: one of each code key that is not revoked. They are derived once, which costs as much as a
/// signature.
pub struct AssertionKeys {
    pairs: Vec<(String, Ed25519KeyPair)>,
    /// The place of the one that signs.
    current: usize,
}

impl AssertionKeys {
    /// Derives them.
    ///
    /// # Panics
    /// Never: the current key is held, and a seed is any 32 bytes.
    #[must_use]
    pub fn of(keys: &CodeKeys) -> Self {
        let pair = |seed: &[u8]| Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed is any 32 bytes");
        let pairs: Vec<_> =
            keys.subkeys(LABEL).map(|(id, seed)| (id.as_str().to_owned(), pair(seed.as_slice()))).collect();
        let current = pairs.iter().position(|(kid, _)| kid == keys.current().as_str());
        Self { pairs, current: current.expect("the current key is held") }
    }

    /// What checks assertions.
    #[must_use]
    pub fn public(&self, header: AssertionHeader) -> Vec<Jwk> {
        let jwk = |(kid, pair): &(String, Ed25519KeyPair)| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            alg: header.alg(),
            r#use: "sig",
            kid: kid.clone(),
            x: URL_SAFE_NO_PAD.encode(pair.public_key()),
        };
        self.pairs.iter().map(jwk).collect()
    }
}

fn encoded(part: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).expect("texts and numbers are JSON"))
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;

    fn keys(text: &str) -> CodeKeys {
        CodeKeys::parse(&text.to_owned().into()).expect("valid")
    }

    fn token(keys: &CodeKeys) -> String {
        token_with(keys, AssertionHeader::EdDsa)
    }

    fn token_with(keys: &CodeKeys, header: AssertionHeader) -> String {
        let assertion = Assertion {
            issuer: "https://id.example.com",
            audience: "shop",
            subject: &Subject::parse("user-7").expect("valid"),
            verification: ChallengeId::new(Uuid::from_u128(7)),
            device: None,
            method: Method::App,
            verified_at: Timestamp::from_second(990).expect("in range"),
            lifetime: SignedDuration::from_secs(120),
            header,
        };
        assertion.sign(&AssertionKeys::of(keys), Timestamp::from_second(1000).expect("in range"))
    }

    fn part(token: &str, number: usize) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(token.split('.').nth(number).expect("three parts")).expect("base64url")
    }

    fn is_signed_by(token: &str, key: &Jwk) -> bool {
        let (text, _) = token.rsplit_once('.').expect("three parts");
        let x = URL_SAFE_NO_PAD.decode(&key.x).expect("base64url");
        UnparsedPublicKey::new(&ED25519, x).verify(text.as_bytes(), &part(token, 2)).is_ok()
    }

    const ONE: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
    const TWO: &str = "k2:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n";

    #[test]
    fn an_assertion_is_signed_by_the_key_that_it_names() {
        let keys = keys(ONE);
        let token = token(&keys);
        let header: Value = serde_json::from_slice(&part(&token, 0)).expect("JSON");
        assert_eq!(header, serde_json::json!({"alg": "EdDSA", "typ": "JWT", "kid": "k1"}));
        let claims: Value = serde_json::from_slice(&part(&token, 1)).expect("JSON");
        assert_eq!((&claims["sub"], &claims["aud"], &claims["exp"]), (&"user-7".into(), &"shop".into(), &1120.into()));
        let [key] = AssertionKeys::of(&keys).public(AssertionHeader::EdDsa).try_into().expect("one key");
        assert!(is_signed_by(&token, &key));
        assert!(!is_signed_by(&token.replacen('.', "A.", 1), &key));
    }

    #[test]
    fn the_newer_name_of_the_signature_comes_with_a_type_of_its_own() {
        let keys = keys(ONE);
        let token = token_with(&keys, AssertionHeader::Ed25519);
        let header: Value = serde_json::from_slice(&part(&token, 0)).expect("JSON");
        assert_eq!(header, serde_json::json!({"alg": "Ed25519", "typ": "twostep-verification+jwt", "kid": "k1"}));
        let [key] = AssertionKeys::of(&keys).public(AssertionHeader::Ed25519).try_into().expect("one key");
        assert_eq!(key.alg, "Ed25519");
        assert!(is_signed_by(&token, &key));
    }

    #[test]
    fn after_a_rotation_older_assertions_are_still_believed_until_their_key_is_revoked() {
        let older = token(&keys(ONE));
        let rotated = keys(&format!("{TWO}{ONE}"));
        let public = AssertionKeys::of(&rotated).public(AssertionHeader::EdDsa);
        let by = |kid: &str| public.iter().find(|key| key.kid == kid).expect("published");
        assert!(is_signed_by(&older, by("k1")) && !is_signed_by(&older, by("k2")));
        assert!(is_signed_by(&token(&rotated), by("k2")));
        let revoked = AssertionKeys::of(&keys(&format!("{TWO}k1:revoked\n"))).public(AssertionHeader::EdDsa);
        assert_eq!(revoked.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["k2"]);
    }
}
