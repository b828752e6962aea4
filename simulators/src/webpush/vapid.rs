//! Voluntary application server identification.
//!
//! Source: RFC 8292 sections 2, 3 and 4.2.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::Value;

use super::refusal::Refusal;
use super::user_agent::public_key;

/// Longest life of a token, in seconds (RFC 8292 section 2).
const MAX_LIFE: f64 = 24.0 * 3600.0;

/// What an `Authorization` header holds.
#[derive(Debug)]
pub(super) struct Credentials<'a> {
    token: &'a str,
    /// The application server's key, in base64url.
    pub(super) public_key: &'a str,
}

impl<'a> Credentials<'a> {
    /// Parses `vapid t=…, k=…`.
    pub(super) fn parse(authorization: Option<&'a str>) -> Result<Self, Refusal> {
        let header = authorization.ok_or_else(|| Refusal::new(401, "Authorization is missing."))?;
        let (scheme, parameters) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("vapid") {
            return Err(Refusal::new(401, "The scheme of Authorization is not vapid."));
        }
        let parameter = |wanted: &str| {
            let mut pairs = parameters.split(',').filter_map(|pair| pair.trim().split_once('='));
            pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
        };
        let token = parameter("t").ok_or_else(|| Refusal::new(403, "Authorization has no t."))?;
        let public_key = parameter("k").ok_or_else(|| Refusal::new(403, "Authorization has no k."))?;
        Ok(Self { token, public_key })
    }

    /// Checks signature and claims. `origin` is the push service's, `now` in seconds since 1970.
    pub(super) fn check(&self, origin: &str, now: i64) -> Result<(), Refusal> {
        self.verified_claims().and_then(|claims| check_claims(&claims, origin, now)).map_err(forbidden)
    }

    /// The claims of a token that is signed with the key beside it.
    fn verified_claims(&self) -> Result<Value, &'static str> {
        let (signed, signature) = self.token.rsplit_once('.').ok_or("The token is no JWT.")?;
        let (header, claims) = signed.split_once('.').ok_or("The token is no JWT.")?;
        let header = decode_json(header).ok_or("The token's header is not JSON in base64url.")?;
        if header["alg"] != "ES256" {
            return Err("The token's alg is not ES256.");
        }
        let key = decode(self.public_key).and_then(|point| public_key(&point));
        let key = VerifyingKey::from(key.ok_or("k is no uncompressed point of P-256 in base64url.")?);
        let signature = decode(signature).and_then(|bytes| Signature::from_slice(&bytes).ok());
        let signature = signature.ok_or("The token's signature is not 64 bytes in base64url.")?;
        key.verify(signed.as_bytes(), &signature).map_err(|_| "The token is not signed with k.")?;
        decode_json(claims).ok_or("The token's claims are not JSON in base64url.")
    }
}

fn forbidden(reason: &'static str) -> Refusal {
    Refusal::new(403, reason)
}

fn check_claims(claims: &Value, origin: &str, now: i64) -> Result<(), &'static str> {
    if claims["aud"] != origin {
        return Err("aud is not the origin of the push service.");
    }
    let ends = claims["exp"].as_f64().ok_or("exp is not a number.")?;
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
    let life = ends - now as f64;
    if life < 0.0 {
        return Err("The token has expired.");
    }
    if life > MAX_LIFE {
        return Err("exp is more than 24 hours ahead.");
    }
    match claims["sub"].as_str().is_some_and(is_contact) {
        true => Ok(()),
        false => Err("sub is no mailto: or https: URI."),
    }
}

/// RFC 8292 section 2.1. Some services take spaces and angle brackets for no URI, as they should.
fn is_contact(text: &str) -> bool {
    let is_uri = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte));
    let is_address =
        |address: &str| address.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    let is_mail = text.strip_prefix("mailto:").is_some_and(is_address);
    let is_page = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    is_uri && (is_mail || is_page)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn decode_json(text: &str) -> Option<Value> {
    serde_json::from_slice(&decode(text)?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 8292 section 2.4.
    const EXAMPLE: &str = "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLC\
                           JleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HL\
                           GkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, \
                           k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";
    const ORIGIN: &str = "https://push.example.net";
    const EXPIRES: i64 = 1_453_523_768;

    fn status(header: &str, origin: &str, now: i64) -> u16 {
        let checked = Credentials::parse(Some(header)).and_then(|credentials| credentials.check(origin, now));
        checked.err().map_or(201, |refusal| refusal.status)
    }

    #[test]
    fn the_example_of_the_standard_is_accepted_at_its_time_only() {
        assert_eq!(status(EXAMPLE, ORIGIN, EXPIRES), 201);
        assert_eq!(status(EXAMPLE, ORIGIN, EXPIRES + 1), 403);
        assert_eq!(status(EXAMPLE, ORIGIN, EXPIRES - 86_400), 201);
        assert_eq!(status(EXAMPLE, ORIGIN, EXPIRES - 86_401), 403);
        assert_eq!(status(EXAMPLE, "https://push.example.org", EXPIRES), 403);
    }

    #[test]
    fn headers_that_are_not_vapid_are_refused() {
        assert_eq!(Credentials::parse(None).unwrap_err().status, 401);
        let swapped = EXAMPLE.replace("BA1H", "BA1I");
        for (header, expected) in
            [("WebPush x", 401), ("vapid", 403), ("vapid t=a.b.c", 403), ("vapid k=a, t=b", 403), (&swapped, 403)]
        {
            assert_eq!(status(header, ORIGIN, EXPIRES), expected, "{header}");
        }
    }

    #[test]
    fn contacts_are_addresses_and_pages() {
        let refused = |sub: Value| check_claims(&json!({"aud": "o", "exp": 1, "sub": sub}), "o", 0).is_err();
        assert!(!refused(json!("mailto:push@example.com")) && !refused(json!("https://example.com/contact")));
        for wrong in [
            json!(null),
            json!(""),
            json!("mailto:"),
            json!("mailto: push@example.com"),
            json!("mailto:<push@example.com>"),
            json!("push@example.com"),
            json!("http://example.com"),
            json!("https://"),
        ] {
            assert!(refused(wrong.clone()), "{wrong}");
        }
    }
}
