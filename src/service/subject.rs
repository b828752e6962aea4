//! One type a subject, so that whoever calls names what it is about. Each works with the same core.

use std::ops::Deref;
use std::sync::Arc;

use super::Core;

macro_rules! subjects {
    ($( $(#[$meta:meta])* $name:ident ),+ $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name(Arc<Core>);

        impl $name {
            pub(super) fn new(core: &Arc<Core>) -> Self { Self(Arc::clone(core)) }
        }

        impl Deref for $name {
            type Target = Core;
            fn deref(&self) -> &Core { &self.0 }
        }
    )+ };
}

subjects! {
    /// Signing in.
    SignIns,
    /// Challenges: from the first code to the last answer.
    Challenges,
    /// Accounts: making, changing and ending them.
    Accounts,
    /// Devices, their sessions, and the trust in them.
    Devices,
    /// What apps' servers ask for.
    AppServers,
    /// What operators do.
    Operators,
}
