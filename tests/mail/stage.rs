//! What most tests of mail begin with: a protected account whose trusted device sleeps, and a gateway with a mail server.

use serde_json::{Value, json};
use twostep::app::App;
use twostep::settings::Settings;

use super::server::{MailServer, Speaks};
use crate::support::client::{Answer, Challenge, Client, Install, SignedIn};
use crate::support::event_stream::EventStream;
use crate::support::gateway::TestGateway;

pub const EMAIL: &str = "anna@example.com";

pub struct Stage {
    pub gateway: TestGateway,
    pub client: Client,
    pub server: MailServer,
    /// The trusted device. It has no connection and no push address.
    pub trusted: SignedIn,
}

impl Stage {
    pub async fn set() -> Self {
        Self::set_with(|_| {}).await
    }

    /// With settings that the test changes further.
    pub async fn set_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::set_speaking(Speaks::default(), change).await
    }

    /// The account is made with the outbox, so that nothing but what the test does reaches the mail server.
    pub async fn set_speaking(speaks: Speaks, change: impl FnOnce(&mut Settings)) -> Self {
        let before = TestGateway::start().await;
        let trusted = before.client().new_protected_account(EMAIL).await;
        // Nothing of that is left to be told.
        before.client().await_mail(EMAIL, "verification is on", 1).await;
        before.database.await_count("SELECT count(*) FROM notices WHERE sent_at IS NULL", 0).await;
        before.database.execute("DELETE FROM notices").await;
        // Mails are counted here; that a new device is told of by mail is shown in api::sign_in.
        let untold =
            "CREATE RULE untold AS ON INSERT TO notices WHERE NEW.kind = 'new_device_signed_in' DO INSTEAD NOTHING";
        before.database.execute(untold).await;
        let server = MailServer::start_speaking(speaks).await;
        let gateway = restarted(before, |settings| {
            server.configure(settings);
            change(settings);
        })
        .await;
        Self { client: gateway.client(), gateway, server, trusted }
    }

    /// Begins a sign-in on a new device and asks for the code by mail.
    pub async fn sign_in_by_mail(&self) -> Challenge {
        let challenge = self.client.begin_sign_in(EMAIL, &Install::new("New phone")).await;
        self.resend_by_mail(&challenge).await.expect(202);
        challenge
    }

    pub async fn resend_by_mail(&self, challenge: &Challenge) -> Answer {
        self.client.post(&challenge.path("/resend"), &challenge.token, json!({ "method": "email" })).await
    }

    /// Watches a challenge until it has this hint.
    pub async fn hint(&self, challenge: &Challenge, code: &str) -> Value {
        let status = status_when(&self.client, challenge, |status| hint_in(status, code).is_some()).await;
        hint_in(&status, code).expect("it has it").clone()
    }

    /// What is left to do for the accounts of this database.
    pub async fn due(&self) -> i64 {
        self.gateway.database.count("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL").await
    }

    /// Makes what is put off due now.
    pub async fn let_time_pass(&self) {
        self.gateway.database.execute("UPDATE deliveries SET due_at = now() WHERE due_at IS NOT NULL").await;
    }

    /// Signs in with the code of a mail, and shows that nothing of it is left to be done or comes a second time.
    pub async fn verify_and_see_nothing_more(&self, challenge: &Challenge, code: &str, copies: usize) {
        self.client.verify(challenge, code).await.expect(200);
        assert_eq!(self.due().await, 0);
        let mails = self.server.mails(EMAIL);
        let heads: Vec<_> = mails.iter().map(|mail| (mail.header("subject"), mail.header("message-id"))).collect();
        assert_eq!(mails.len(), copies, "{heads:?}, {:?}", self.server.tries());
    }
}

fn hint_in<'a>(status: &'a Value, code: &str) -> Option<&'a Value> {
    status["hints"].as_array().expect("a list").iter().find(|hint| hint["code"] == code)
}

/// Watches a challenge over its event stream until it is so.
pub async fn status_when(client: &Client, challenge: &Challenge, is_so: impl Fn(&Value) -> bool) -> Value {
    EventStream::open(client, challenge).await.until(is_so).await
}

/// Another gateway on the database of one that stops first.
pub async fn restarted(before: TestGateway, change: impl FnOnce(&mut Settings)) -> TestGateway {
    let TestGateway { database, app } = before;
    app.stop().await;
    let app = App::start(&TestGateway::settings(&database.url, change)).await.expect("the gateway starts");
    TestGateway { database, app }
}
