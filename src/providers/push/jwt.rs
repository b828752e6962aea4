//! The little of JSON Web Tokens (RFC 7519, RFC 7515) that the providers ask for: compact form, one signature.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::error::Unspecified;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use zeroize::Zeroizing;

/// Encodes header and claims and appends what `sign` makes of them.
///
/// # Errors
/// When the key refuses to sign.
pub(super) fn sign<H: Serialize, C: Serialize>(
    header: &H,
    claims: &C,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Unspecified>,
) -> Result<String, Unspecified> {
    let encode = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
    let header = encode(serde_json::to_vec(header).map_err(|_| Unspecified)?);
    let claims = encode(serde_json::to_vec(claims).map_err(|_| Unspecified)?);
    let mut token = format!("{header}.{claims}");
    let signature = sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// The DER bytes of a PKCS#8 private key in PEM, wiped when dropped: the form of both Google's and Apple's keys.
pub(super) fn pkcs8_from_pem(pem: &str) -> Option<Zeroizing<PrivatePkcs8KeyDer<'static>>> {
    PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok().map(Zeroizing::new)
}
