//! Accounts: who signs in, and what their owner decides.

pub mod activity;
pub mod authenticator;
pub mod email;
pub mod last_resort;
pub mod locale;
pub mod login_throttle;
pub mod mailed_link;
pub mod owner;
pub mod password;
pub mod password_strength;
pub mod recovery_code;
pub mod rollout;
pub mod service;
pub mod subject;
pub mod two_step_policy;
pub mod ways_left;
pub mod zone;
