//! `twostep demo`: the whole story, played over the public contract and printed as a timeline.

mod api;
mod screen;
mod story;
mod timeline;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use crate::app::App;
use crate::settings::{self, Settings};

use self::api::Api;
use self::story::Story;
use self::timeline::Timeline;

/// The story ends by then, whatever happens.
const TIME_LIMIT: Duration = Duration::from_secs(14);

/// Plays the story against the gateway at `url`, or against one of its own on a private database that is gone
/// afterwards. Success only if every step did what it must.
///
/// # Errors
/// When the gateway cannot be started or reached.
pub async fn run(url: Option<&str>) -> anyhow::Result<ExitCode> {
    let mut timeline = Timeline::new();
    let result = match url {
        Some(url) => play(url, &mut timeline).await,
        None => {
            timeline.begin();
            let data_dir = tempfile::tempdir().context("no folder for the demo's database")?;
            let app = App::start(&demo_settings(data_dir.path())?).await?;
            timeline.done("A gateway starts, with a private PostgreSQL", &format!("http://{}", app.address()));
            let result = play(&format!("http://{}", app.address()), &mut timeline).await;
            app.stop().await;
            result
        }
    };
    Ok(timeline.conclude(result))
}

async fn play(url: &str, timeline: &mut Timeline) -> anyhow::Result<()> {
    let mut story = Story::new(Api::new(url)?, timeline);
    tokio::time::timeout(TIME_LIMIT, story.play()).await.context("the story took too long")?
}

fn demo_settings(data_dir: &std::path::Path) -> anyhow::Result<Settings> {
    let mut settings = settings::defaults()?;
    settings.http.address = "127.0.0.1:0".parse()?;
    settings.operator.address = "127.0.0.1:0".parse()?;
    settings.database.data_dir = data_dir.to_owned();
    Ok(settings)
}
