//! The use cases, one file each. A use case asks the rules in `domain/`, makes one transaction, and publishes what
//! became true.

mod account;
mod app_server;
mod challenge;
mod constant_time;
mod core;
mod device;
mod error;
mod fresh;
mod operator;
mod origin;
mod overload;
mod resolve;
mod sign_in;
mod subject;

pub use account::activity::ActivityPage;
pub use account::authenticator::AuthenticatorSetUp;
pub use account::last_resort::{AskingSignIn, LastResort, RecoveryView};
pub use account::two_step::{Disabling, LoginSecurity};
pub use account::ways::WaysLeft;
pub use app_server::api_keys::{NewApiKey, WantedApiKey};
pub use app_server::idempotency::{KeptAnswer, Once, OnceRequest};
pub use app_server::sign_in_for_app::{AppSignIn, AppSignInResult, NotNeeded};
pub use app_server::subjects::{SubjectChange, SubjectView};
pub use challenge::push_receipt::Said;
pub use challenge::status::ChallengeStatus;
pub use challenge::verify::Verified;
pub use challenge::view::{ChallengeView, Destination};
pub use core::{AssertionRules, Core, Rules};
pub use device::session::{IssuedSession, SignedIn};
pub use error::VerificationError;
use fresh::{fresh, fresh_salt, fresh_token};
pub use operator::accounts::{AccountPage, AccountSummary, SignedOut};
pub use operator::rollout::ListedPage;
pub use operator::support_bundle::{SupportAccount, SupportBundle, SupportChallenge};
pub use origin::Origin;
pub use sign_in::password_hashing::{PasswordCost, Passwords};
pub use sign_in::password_sign_in::{SignInRequest, SignInResult};
pub use subject::{Accounts, AppServers, Challenges, Devices, Operators, SignIns};

use std::sync::Arc;

/// The use cases, by subject. Cheap to clone.
#[derive(Clone)]
pub struct UseCases {
    /// Signing in.
    pub sign_ins: SignIns,
    /// Challenges: from the first code to the last answer.
    pub challenges: Challenges,
    /// Accounts: making, changing and ending them.
    pub accounts: Accounts,
    /// Devices, their sessions, and the trust in them.
    pub devices: Devices,
    /// What apps' servers ask for.
    pub app_servers: AppServers,
    /// What operators do.
    pub operators: Operators,
    /// What concerns the node.
    pub core: Arc<Core>,
}

impl UseCases {
    /// All of them, on the same core.
    #[must_use]
    pub fn new(core: Core) -> Self {
        let core = Arc::new(core);
        Self {
            sign_ins: SignIns::new(&core),
            challenges: Challenges::new(&core),
            accounts: Accounts::new(&core),
            devices: Devices::new(&core),
            app_servers: AppServers::new(&core),
            operators: Operators::new(&core),
            core,
        }
    }
}
