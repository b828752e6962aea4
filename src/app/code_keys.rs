//! The file of code keys, followed while the gateway runs.

use std::time::Duration;

use tracing::{error, info};

use crate::jobs::{Every, Job};
use crate::service::UseCases;
use crate::settings::CodeKeysFile;

/// How often the file is looked at.
const LOOK_PERIOD: Duration = Duration::from_secs(2);

/// Takes the keys up when the file was replaced. One that cannot be used leaves those that were read before.
pub(super) fn follow(mut file: CodeKeysFile, use_cases: UseCases) -> impl Job {
    Every::new("code keys", LOOK_PERIOD, async move || {
        let held = use_cases.core.code_keys();
        let mut looked_at = file.clone();
        let look = move || {
            let read = looked_at.look_again(&held);
            (looked_at, read)
        };
        let Ok((looked_at, read)) = tokio::task::spawn_blocking(look).await else {
            // A panic while reading leaves what was read before.
            return;
        };
        file = looked_at;
        match read {
            None => {}
            Some(Ok(keys)) => {
                info!(code_keys.path = %file.path().display(), code_keys.known = %keys, "the code keys were read again");
                use_cases.operators.replace_code_keys(keys);
            }
            Some(Err(error)) => {
                error!(%error, "the code keys cannot be read again: those from before stay in use");
            }
        }
    })
}
