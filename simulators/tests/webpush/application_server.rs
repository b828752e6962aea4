//! An application server: its VAPID key, the encryption of its messages, and its requests.

use std::sync::Arc;
use std::time::SystemTime;

use aes_gcm::aead::Aead;
use aes_gcm::{Aes128Gcm, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate;
use p256::{PublicKey, SecretKey};
use reqwest::RequestBuilder;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use sha2::Sha256;
use twostep_simulators::{WebPushSimulator, WebPushSubscription};

pub(crate) struct ApplicationServer {
    key: SigningKey,
}

impl ApplicationServer {
    pub(crate) fn generate() -> Self {
        Self { key: SigningKey::generate_from_rng(&mut rand::rng()) }
    }

    pub(crate) fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.verifying_key().to_sec1_bytes())
    }

    /// The `Authorization` header, with some claims changed.
    pub(crate) fn authorization(&self, simulator: &WebPushSimulator, changes: &Value) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({"aud": simulator.origin(), "exp": now + 12 * 3600, "sub": "mailto:push@example.com"});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(json!({"typ": "JWT", "alg": "ES256"})), encode(claims));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature.to_bytes()), self.public_key())
    }

    /// A push that is in order, on a connection of its own.
    pub(crate) fn request(
        &self,
        simulator: &WebPushSimulator,
        subscription: &WebPushSubscription,
        message: &[u8],
    ) -> RequestBuilder {
        client(simulator, true)
            .post(&subscription.endpoint)
            .header("ttl", "60")
            .header("urgency", "high")
            .header("topic", "code")
            .header("content-encoding", "aes128gcm")
            .header("authorization", self.authorization(simulator, &json!({})))
            .body(encrypt(subscription, message))
    }
}

/// A client that trusts the simulator's authority only and follows no redirect.
pub(crate) fn client(simulator: &WebPushSimulator, http2: bool) -> reqwest::Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(simulator.ca_file()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut tls = tls.with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    let builder = builder.redirect(reqwest::redirect::Policy::none());
    if http2 { builder.build().unwrap() } else { builder.http1_only().build().unwrap() }
}

/// RFC 8291 section 3, with a little padding.
pub(crate) fn encrypt(subscription: &WebPushSubscription, message: &[u8]) -> Vec<u8> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let receiver = decode(&subscription.p256dh);
    let own = SecretKey::generate_from_rng(&mut rand::rng());
    let sender = own.public_key().to_sec1_bytes();
    let secret = own.diffie_hellman(&PublicKey::from_sec1_bytes(&receiver).unwrap());
    let mut input = [0; 32];
    let info = [b"WebPush: info\0", receiver.as_slice(), &sender].concat();
    secret.extract::<Sha256>(Some(&decode(&subscription.auth))).expand(&info, &mut input).unwrap();
    let salt: [u8; 16] = rand::random();
    let derived = Hkdf::<Sha256>::new(Some(&salt), &input);
    let mut key = [0; 16];
    derived.expand(b"Content-Encoding: aes128gcm\0", &mut key).unwrap();
    let mut nonce = [0; 12];
    derived.expand(b"Content-Encoding: nonce\0", &mut nonce).unwrap();
    let padded = [message, &[2, 0, 0, 0]].concat();
    let ciphertext = Aes128Gcm::new(&key.into()).encrypt(&nonce.into(), padded.as_slice()).unwrap();
    [salt.as_slice(), &4096_u32.to_be_bytes(), &[65], &sender, &ciphertext].concat()
}
