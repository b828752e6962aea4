//! The examples of docs/servers.md, as they stand there, in sites of their frameworks.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::AppServer;
use crate::support::gateway::TestGateway;
use crate::support::python::test_python;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/frameworks");

const ISSUER: &str = "https://id.example.com";

/// The block of the page that is for this.
fn example(name: &str) -> String {
    let page = std::fs::read_to_string("docs/servers.md").expect("the page");
    let (_, rest) = page.split_once(&format!("```{name}\n")).unwrap_or_else(|| panic!("no example {name}"));
    rest.split_once("\n```").expect("its end").0.to_owned() + "\n"
}

/// A site that is ended with its test.
struct Site(Child);

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a site, plays a log-in and attacks on it, and sees that it lets nobody in without the gateway.
async fn play(site: impl FnOnce(&Path) -> Command) {
    let gateway = TestGateway::start_with(|settings| settings.assertions.issuer = Some(ISSUER.to_owned())).await;
    let app = AppServer::new(&gateway).await;
    let subject = json!({ "email": "ann@example.com", "two_step_enabled": true });
    app.put("/v1/subjects/user-1", subject).await.expect(200);
    let folder = tempfile::tempdir().expect("a folder");
    let mut site = site(folder.path());
    site.env("TWOSTEP_URL", gateway.url()).env("TWOSTEP_API_KEY", &app.key).env("TWOSTEP_ISSUER", ISSUER);
    let mut site = site.stdout(Stdio::piped()).spawn().map(Site).expect("it starts");
    let said = BufReader::new(site.0.stdout.take().expect("it is piped"));
    let address = said.lines().next().expect("its address").expect("text");
    drive(&[&address, &gateway.url()]).await;
    gateway.stop().await;
    drive(&[&address]).await;
}

async fn drive(arguments: &[&str]) {
    let mut drive = Command::new(test_python());
    drive.arg(format!("{HERE}/drive.py")).args(arguments);
    let driven = tokio::task::spawn_blocking(move || drive.output()).await.expect("it ran").expect("it ends");
    assert!(driven.status.success(), "{}", String::from_utf8_lossy(&driven.stderr));
}

#[actix_web::test]
async fn the_django_example_logs_in_with_a_second_step() {
    play(|folder| {
        std::fs::write(folder.join("log_in.py"), example("python django")).expect("written");
        let mut site = Command::new(test_python());
        site.arg(format!("{HERE}/django_site.py")).arg(folder);
        site
    })
    .await;
}

#[actix_web::test]
async fn the_go_example_logs_in_with_a_second_step() {
    play(|folder| {
        std::fs::create_dir(folder.join("second")).expect("made");
        std::fs::write(folder.join("second/second.go"), example("go second")).expect("written");
        std::fs::copy(format!("{HERE}/main.go"), folder.join("main.go")).expect("copied");
        std::fs::write(folder.join("go.mod"), "module site\n\ngo 1.19\n").expect("written");
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
        let go = |arguments: &[&str]| {
            let mut go = Command::new("go");
            go.args(arguments).current_dir(folder).env("GOCACHE", kept.join("cache")).env("GOPATH", kept.join("path"));
            go
        };
        for arguments in [&["vet", "./..."][..], &["build", "-o", "site", "."]] {
            assert!(go(arguments).status().expect("go: run scripts/install-test-tools").success());
        }
        Command::new(folder.join("site"))
    })
    .await;
}
