//! `twostep doctor`: looks at everything that the gateway depends on, and says what is wrong and how to mend it.

mod checks;
mod report;

use std::process::ExitCode;

use crate::settings::Settings;

use self::report::Report;

/// Runs every check and prints what it found.
///
/// Failure if anything fails that the gateway needs: the database, and whatever the settings turn on.
pub async fn run(settings: &Settings) -> ExitCode {
    let mut report = Report::new();
    report.add("configuration", Ok("every setting is in its range".to_owned()));
    checks::database(settings, &mut report).await;
    report.add("code keys", checks::code_keys(settings));
    checks::certificate(settings, &mut report);
    Box::pin(checks::push(settings, &mut report)).await;
    checks::mail(settings, &mut report).await;
    report.add("bus", checks::bus(settings).await);
    checks::places(settings, &mut report);
    report.conclude()
}
