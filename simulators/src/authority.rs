//! A certificate authority of a simulator's own, and a server certificate from it.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::StartError;

/// What the certificate of one simulator says.
pub(crate) struct Identity<'a> {
    /// The service that it plays, such as `APNs`.
    pub(crate) service: &'static str,
    /// The address of this machine that it listens on.
    pub(crate) address: IpAddr,
    /// The name that its clients know it by, if they have one.
    pub(crate) host: Option<&'a str>,
    /// The protocols that it offers in ALPN, the best first.
    pub(crate) protocols: &'static [&'static str],
}

/// Makes an authority, writes its certificate to `ca_file`, and sets TLS up for an identity.
pub(crate) fn create(ca_file: &Path, identity: &Identity<'_>) -> Result<ServerConfig, StartError> {
    let (authority_pem, issuer) = authority(identity.service)?;
    std::fs::write(ca_file, authority_pem)?;

    let mut params = CertificateParams::new(vec![identity.host.unwrap_or("localhost").to_owned()])?;
    params.subject_alt_names.push(SanType::IpAddress(identity.address));
    params.distinguished_name.push(DnType::CommonName, format!("Twostep simulated {}", identity.service));
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
    config.alpn_protocols = identity.protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(config)
}

fn authority(service: &str) -> Result<(String, Issuer<'static, KeyPair>), StartError> {
    let mut params = CertificateParams::new(Vec::default())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.distinguished_name.push(DnType::CommonName, format!("Twostep simulated {service} authority"));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Issuer::new(params, key)))
}
