//! The demo.
/// x
pub async fn run(_: Option<&str>) -> anyhow::Result<std::process::ExitCode> {
    Ok(std::process::ExitCode::SUCCESS)
}
