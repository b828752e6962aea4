//! The file of code keys, followed while the gateway runs.

use std::time::Duration;

use tracing::{error, info};

use crate::service::UseCases;
use crate::settings::CodeKeysFile;

/// How often the file is looked at.
const LOOK_PERIOD: Duration = Duration::from_secs(2);

/// Takes the keys up when the file was replaced. One that cannot be used leaves those that were read before.
pub(super) async fn follow(mut file: CodeKeysFile, use_cases: UseCases) {
    let mut ticks = tokio::time::interval(LOOK_PERIOD);
    loop {
        ticks.tick().await;
        let held = use_cases.core.code_keys();
        let look = move || {
            let read = file.look_again(&held);
            (file, read)
        };
        let Ok((looked_at, read)) = tokio::task::spawn_blocking(look).await else {
            error!("the file of code keys is not followed any more: restart the gateway to read it again");
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
    }
}
