//! `status`: the word by which a program tells apart the answers that one call may give. Each is a type of one value, so that the
//! OpenAPI document says which word an answer has, and clients that are made of it read the right one.

use serde::Serialize;
use utoipa::ToSchema;

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident($word:ident);)+) => {
        $(
            $(#[$doc])*
            #[derive(Serialize, ToSchema)]
            #[serde(rename_all = "snake_case")]
            pub(in crate::http) enum $name {
                $word,
            }
        )+
    };
}

statuses! {
    /// The device has a session.
    SignedInStatus(SignedIn);
    /// A code is asked for.
    VerificationRequiredStatus(VerificationRequired);
    /// No code is needed.
    NotNeededStatus(NotNeeded);
    /// Two-step verification is on.
    TwoStepEnabledStatus(TwoStepEnabled);
    /// The account has another address.
    EmailChangedStatus(EmailChanged);
    /// Two-step verification is off.
    TwoStepDisabledStatus(TwoStepDisabled);
}
