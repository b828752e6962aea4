//! An authenticator app on an owner's phone.

use jiff::Timestamp;
use secrecy::ExposeSecret;
use twostep::domain::account::authenticator::{SECRET_BYTES, TotpSecret, step_at};

pub struct AuthenticatorApp(TotpSecret);

impl AuthenticatorApp {
    /// Set up with the secret as it is typed.
    pub fn new(secret: &str) -> Self {
        let bytes = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32");
        Self(TotpSecret::new(<[u8; SECRET_BYTES]>::try_from(bytes).expect("160 bits")))
    }

    /// The code of so many steps from now.
    pub fn code(&self, steps: i64) -> String {
        self.0.code(step_at(Timestamp::now()) + steps).expose_secret().to_owned()
    }
}
