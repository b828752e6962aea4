//! Mail that is held up: nothing is lost, and nothing comes twice that the server said it has.

use twostep::settings::Settings;

use super::server::MailServer;
use super::stage::{EMAIL, Stage, restarted};
use crate::support::client::Client;

/// Longer than a test: what is put off waits until the test lets time pass.
const LATER_MS: u64 = 60_000;

/// The next try of a mail is made when the test lets time pass, and not before.
fn put_off(settings: &mut Settings) {
    (settings.smtp.retry_first_ms, settings.smtp.retry_longest_ms) = (LATER_MS, 3_600_000);
}

#[actix_web::test]
async fn a_greylisted_mail_is_told_to_be_held_up_and_accepted_later() {
    let mut stage = Stage::set_with(put_off).await;
    stage.server.script(&["rcpt 451"]).await;
    let challenge = stage.sign_in_by_mail().await;
    stage.hint(&challenge, "mail_delayed").await;
    assert!(stage.server.mails(EMAIL).is_empty());
    stage.let_time_pass().await;
    let code = stage.server.mail(EMAIL, "sign-in code").await.code();
    stage.hint(&challenge, "mail_accepted").await;
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
    assert_eq!(stage.server.tries().len(), 2);
}

#[actix_web::test]
async fn every_passing_refusal_and_broken_line_is_tried_until_the_mail_arrives_once() {
    let mut stage = Stage::set_with(|settings| settings.smtp.timeout_ms = 1000).await;
    let weathers =
        ["mail 421", "rcpt 451", "rcpt 452", "rcpt 421", "data 451", "drop", "hang", "drop after data", "data 452"];
    stage.server.script(&weathers).await;
    let challenge = stage.sign_in_by_mail().await;
    let code = stage.server.mail(EMAIL, "sign-in code").await.code();
    stage.hint(&challenge, "mail_accepted").await;
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
    assert_eq!(stage.server.tries().len(), weathers.len() + 1);
}

#[actix_web::test]
async fn a_server_that_stays_silent_about_a_mail_is_asked_again() {
    let mut stage = Stage::set_with(|settings| settings.smtp.accept_timeout_ms = 500).await;
    stage.server.script(&["hang after data"]).await;
    let challenge = stage.sign_in_by_mail().await;
    let code = stage.server.mail(EMAIL, "sign-in code").await.code();
    stage.hint(&challenge, "mail_accepted").await;
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
}

/// The one case in which a second copy arrives: the server took the mail and the line broke before it said so.
#[actix_web::test]
async fn a_mail_in_doubt_is_sent_again_as_the_same_mail() {
    let mut stage = Stage::set_with(put_off).await;
    stage.server.script(&["accept and drop"]).await;
    let challenge = stage.sign_in_by_mail().await;
    stage.hint(&challenge, "mail_delayed").await;
    assert_eq!(stage.server.mails(EMAIL).len(), 1);
    stage.let_time_pass().await;
    stage.hint(&challenge, "mail_accepted").await;
    let copies = stage.server.mails(EMAIL);
    assert_eq!(copies.len(), 2);
    assert_eq!(copies[0].header("message-id"), copies[1].header("message-id"));
    assert_eq!(copies[0].text(), copies[1].text());
    stage.verify_and_see_nothing_more(&challenge, &copies[0].code(), 2).await;
}

/// A node that is too busy to say that it lives is not gone to itself.
#[actix_web::test]
async fn a_mail_under_way_is_not_begun_again_by_its_own_node_whose_heartbeat_is_late() {
    let mut stage = Stage::set_with(put_off).await;
    stage.server.script(&["hang after data", "rcpt 451"]).await;
    stage.sign_in_by_mail().await;
    stage.server.wait_for_tries(1).await;
    let other = stage.sign_in_by_mail().await;
    stage.hint(&other, "mail_delayed").await;
    let no_heartbeat = "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER silent BEFORE INSERT OR UPDATE ON nodes FOR EACH ROW EXECUTE FUNCTION skip();
        DELETE FROM nodes";
    stage.gateway.database.execute(no_heartbeat).await;
    stage.let_time_pass().await;
    // The sweeper took up what was due, and left what is under way alone.
    stage.hint(&other, "mail_accepted").await;
    assert_eq!(stage.server.tries().len(), 3);
}

#[actix_web::test]
async fn a_newer_code_ends_the_try_of_the_older_one() {
    let mut stage = Stage::set().await;
    stage.server.script(&["hang after data"]).await;
    let challenge = stage.sign_in_by_mail().await;
    stage.server.wait_for_tries(1).await;
    stage.gateway.database.execute("UPDATE challenges SET resend_at = now()").await;
    stage.resend_by_mail(&challenge).await.expect(202);
    let code = stage.server.mail(EMAIL, "sign-in code").await.code();
    stage.hint(&challenge, "mail_accepted").await;
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
    assert_eq!(stage.server.tries().len(), 2);
}

#[actix_web::test]
async fn a_mail_that_waits_is_sent_by_another_gateway_when_its_own_is_gone() {
    let mut stage = Stage::set_with(put_off).await;
    stage.server.script(&["rcpt 451"]).await;
    let challenge = stage.sign_in_by_mail().await;
    stage.hint(&challenge, "mail_delayed").await;
    let Stage { gateway, server, trusted, .. } = stage;
    let gateway = restarted(gateway, |settings| server.configure(settings)).await;
    let stage = Stage { client: Client::new(&gateway.url()), gateway, server, trusted };
    stage.let_time_pass().await;
    let code = stage.server.mail(EMAIL, "sign-in code").await.code();
    stage.hint(&challenge, "mail_accepted").await;
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
}

/// The mail server has it, and says so only when the gateway stops already.
#[actix_web::test]
async fn a_mail_under_way_when_its_gateway_stops_is_not_sent_again() {
    let mut stage = Stage::set_with(put_off).await;
    stage.server.script(&["accept late"]).await;
    let challenge = stage.sign_in_by_mail().await;
    let code = stage.server.mail(EMAIL, "sign-in code").await.code();
    let Stage { gateway, server, trusted, .. } = stage;
    let gateway = restarted(gateway, |settings| server.configure(settings)).await;
    let stage = Stage { client: Client::new(&gateway.url()), gateway, server, trusted };
    stage.let_time_pass().await;
    stage.hint(&challenge, "mail_accepted").await;
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
    assert_eq!(stage.server.tries().len(), 1);
}

#[actix_web::test]
async fn a_mail_server_that_is_away_is_tried_again_when_it_is_back() {
    let away = Stage::set().await;
    let stage = Stage {
        gateway: restarted(away.gateway, |settings| {
            away.server.configure(settings);
            // Nobody listens there.
            settings.smtp.port = 1;
            put_off(settings);
        })
        .await,
        ..away
    };
    let stage = Stage { client: stage.gateway.client(), ..stage };
    let challenge = stage.sign_in_by_mail().await;
    stage.hint(&challenge, "mail_delayed").await;
    let server: &MailServer = &stage.server;
    let gateway = restarted(stage.gateway, |settings| server.configure(settings)).await;
    let stage = Stage { client: gateway.client(), gateway, server: stage.server, trusted: stage.trusted };
    stage.let_time_pass().await;
    let code = stage.server.mail(EMAIL, "sign-in code").await.code();
    stage.hint(&challenge, "mail_accepted").await;
    stage.verify_and_see_nothing_more(&challenge, &code, 1).await;
}

#[actix_web::test]
async fn a_mail_that_cannot_come_before_its_code_expires_is_not_waited_for() {
    let mut stage = Stage::set_with(|settings| {
        settings.codes.email_lifetime_seconds = 60;
        put_off(settings);
    })
    .await;
    // The second wait would be one to two minutes.
    stage.server.script(&["rcpt 451", "rcpt 451"]).await;
    let challenge = stage.sign_in_by_mail().await;
    stage.hint(&challenge, "mail_delayed").await;
    stage.let_time_pass().await;
    stage.hint(&challenge, "mail_failed").await;
    assert_eq!(stage.due().await, 0);
}
