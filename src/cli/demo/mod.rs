//! `twostep demo`: the whole story, played over the public contract and printed as a timeline.

mod api;
mod providers;
mod pushes;
mod screen;
mod story;
mod timeline;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use crate::app::App;
use crate::settings::{self, Settings};

use self::api::Api;
use self::providers::Providers;
use self::story::Story;
use self::timeline::Timeline;

/// The story ends by then, whatever happens.
const TIME_LIMIT: Duration = Duration::from_secs(14);

/// Against what the story is played.
pub enum Stage {
    /// A gateway of its own on a private database that is gone afterwards.
    Own {
        /// With simulated push providers, and a chapter about devices that sleep.
        push: bool,
    },
    /// A running gateway in development mode.
    Running(String),
}

/// Plays the story and prints it. Success only if every step did what it must.
///
/// # Errors
/// When the gateway cannot be started or reached.
pub async fn run(stage: &Stage) -> anyhow::Result<ExitCode> {
    let mut timeline = Timeline::new();
    let result = match stage {
        Stage::Running(url) => play(url, None, &mut timeline).await,
        Stage::Own { push } => play_on_own_gateway(*push, &mut timeline).await,
    };
    Ok(timeline.conclude(result))
}

async fn play_on_own_gateway(push: bool, timeline: &mut Timeline) -> anyhow::Result<()> {
    timeline.begin();
    let data_dir = tempfile::tempdir().context("no folder for the demo's database")?;
    let mut settings = demo_settings(data_dir.path())?;
    let providers = if push { Some(Providers::start().await?) } else { None };
    if let Some(providers) = &providers {
        providers.configure(&mut settings);
    }
    let app = App::start(&settings).await?;
    let url = format!("http://{}", app.address());
    timeline.done("A gateway starts, with a private PostgreSQL", &url);
    let result = play(&url, providers.as_ref(), timeline).await;
    app.stop().await;
    result
}

async fn play(url: &str, providers: Option<&Providers>, timeline: &mut Timeline) -> anyhow::Result<()> {
    let mut story = Story::new(Api::new(url)?, timeline);
    tokio::time::timeout(TIME_LIMIT, story.play(providers)).await.context("the story took too long")?
}

fn demo_settings(data_dir: &std::path::Path) -> anyhow::Result<Settings> {
    let mut settings = settings::defaults()?;
    settings.http.address = "127.0.0.1:0".parse()?;
    settings.operator.address = "127.0.0.1:0".parse()?;
    settings.database.data_dir = data_dir.to_owned();
    Ok(settings)
}
