//! A certificate authority of the simulator's own, and a server certificate from it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::StartError;

/// Makes an authority, writes its certificate into `directory`, and sets TLS up for one address of this machine,
/// and for the name that clients know it by.
pub(super) fn create(
    directory: &Path,
    address: IpAddr,
    host: Option<&str>,
) -> Result<(PathBuf, ServerConfig), StartError> {
    let (authority_pem, issuer) = authority()?;
    let file = directory.join("apns-ca.pem");
    std::fs::write(&file, authority_pem)?;

    let mut params = CertificateParams::new(vec![host.unwrap_or("localhost").to_owned()])?;
    params.subject_alt_names.push(SanType::IpAddress(address));
    params.distinguished_name.push(DnType::CommonName, "Twostep simulated APNs");
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok((file, config))
}

fn authority() -> Result<(String, Issuer<'static, KeyPair>), StartError> {
    let mut params = CertificateParams::new(Vec::default())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.distinguished_name.push(DnType::CommonName, "Twostep simulated APNs authority");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Issuer::new(params, key)))
}
