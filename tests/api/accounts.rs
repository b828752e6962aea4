//! `POST /v1/accounts`.

use serde_json::{Value, json};
use twostep::domain::challenge::Purpose;
use twostep::domain::code::{CodeKeys, CodeSalt, CodeSource, KeyId};
use twostep::domain::value::id::ChallengeId;
use twostep::settings::Registration;

use super::{ANNA, BEN, count, wait_out_resend};
use crate::support::client::{Challenge, Client, Install, PASSWORD, SignedIn, code_in, wrong};
use crate::support::database::TestDatabase;
use crate::support::event_stream::EventStream;
use crate::support::gateway::TestGateway;

const CODE_KEYS: &str = "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[actix_web::test]
async fn the_emailed_code_makes_the_account() {
    let gateway = TestGateway::start().await;
    let (client, install) = (gateway.client(), Install::new("First"));
    let challenge = Challenge::new(&client.create_account(ANNA, &install).await.expect(202));
    assert!(challenge.token.starts_with("ts_ct_"));
    let body = &challenge.body;
    assert_eq!(
        [&body["purpose"], &body["method"], &body["methods"], &body["code_length"], &body["attempts_left"]],
        [&json!("create_account"), &json!("email"), &json!(["email"]), &json!(6), &json!(5)]
    );
    assert_eq!(body["destination"], "a•••@example.com");
    assert_eq!(super::between(&body["resend_at"], &body["expires_at"]).as_secs(), 24 * 3600 - 30);

    let code = client.mailed_code(ANNA, "Confirm").await;
    let body = client.verify(&challenge, &code).await.expect(200);
    assert_eq!(body["status"], "signed_in");
    assert_eq!(body["device"]["trusted"], false);
    assert_eq!(body["session"]["expires_in"], 900);
    let first = SignedIn::new(&install, &body);
    assert_eq!(first.trust_token, None);
    assert!(first.access_token.starts_with("ts_at_") && first.refresh_token.starts_with("ts_rt_"));
    assert_eq!(client.activity(&first).await[0]["kind"], "account_created");
    gateway.stop().await;
}

#[actix_web::test]
async fn nobody_signs_in_before_the_address_is_confirmed() {
    let gateway = TestGateway::start().await;
    let (client, install) = (gateway.client(), Install::new("First"));
    client.create_account(ANNA, &install).await.expect(202);
    client.sign_in(ANNA, PASSWORD, &install, None).await.expect_problem(401, "invalid_credentials");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_mailbox_is_one_account_however_its_address_is_written() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.create_account(" Anna@Example.COM ", &Install::new("First")).await.expect(202);
    client.mailed_code(ANNA, "Confirm").await;
    client.create_account(ANNA, &Install::new("Second")).await.expect(202);
    assert_eq!(count(&gateway.database, "accounts").await, 1);
    gateway.stop().await;
}

/// Everything that the creator of an account is answered who never types a right code, with the statuses.
async fn walk(gateway: &TestGateway, email: &str, mails_before: usize) -> Vec<(u16, Value)> {
    let client = gateway.client();
    let begun = client.create_account(email, &Install::new("Stranger")).await;
    let challenge = Challenge::new(&begun.body);
    let mail = client.await_mail(email, "", mails_before + 1).await;
    let guess = code_in(&mail).map_or_else(|| "000000".to_owned(), |code| wrong(&code));
    let mut answers = vec![begun];
    for _ in 0..3 {
        answers.push(client.verify(&challenge, &guess).await);
    }
    wait_out_resend(&gateway.database, &challenge).await;
    answers.push(client.resend(&challenge, json!({})).await);
    client.await_mail(email, "", mails_before + 2).await;
    let mut events = EventStream::open(&client, &challenge).await;
    let sent = events.until(|status| status["deliveries"][0]["state"] == "accepted").await;
    for _ in 0..3 {
        answers.push(client.verify(&challenge, &guess).await);
    }
    answers.push(client.resend(&challenge, json!({})).await);
    let answers = answers.into_iter().map(|answer| (answer.status.as_u16(), answer.body));
    answers.chain([(200, sent), (200, client.state(&challenge).await)]).collect()
}

/// Blanks what differs between any two challenges: ids, tokens and times.
fn blank(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "id" | "token" => *value = json!("any"),
                    "expires_at" | "resend_at" | "accepted_at" => *value = json!(value.is_string()),
                    "destination" if value.is_string() => *value = json!("masked"),
                    // "You can ask for a new code in 59 s": it depends on when one asks.
                    "text" => *value = json!("words"),
                    _ => blank(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(blank),
        _ => {}
    }
}

#[actix_web::test]
async fn a_taken_address_is_answered_like_a_free_one() {
    let gateway = TestGateway::start().await;
    gateway.client().new_account(ANNA).await;
    let mut taken = walk(&gateway, ANNA, 1).await;
    let mut free = walk(&gateway, BEN, 0).await;
    taken.iter_mut().chain(&mut free).for_each(|(_, body)| blank(body));
    assert_eq!(taken, free);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_taken_address_stays_its_owners_whatever_is_typed() {
    let gateway = TestGateway::start_with(|settings| settings.codes.keys = Some(CODE_KEYS.to_owned().into())).await;
    let client = gateway.client();
    let owner = client.new_account(ANNA).await;
    let body = json!({ "email": ANNA, "password": "another password", "device": Install::new("Stranger").json() });
    let begun = client.send(reqwest::Method::POST, "/v1/accounts", None, Some(body)).await.expect(202);
    let challenge = Challenge::new(&begun);
    let mail = client.await_mail(ANNA, "You already have an account", 1).await;
    // Anybody may ask in the name of any address: our mail does not carry their words.
    assert!(mail.contains("IP address: 127.0.0.1") && !mail.contains("Stranger"), "{mail}");
    assert_eq!(code_in(&mail), None);

    let right = derived(&challenge, Some(&salt_of(&gateway.database, &challenge).await));
    client.verify(&challenge, &right).await.expect_problem(422, "wrong_code");
    client.sign_in(ANNA, "another password", &owner.install, None).await.expect_problem(401, "invalid_credentials");
    client.sign_in(ANNA, PASSWORD, &owner.install, None).await.expect(200);
    assert_eq!(count(&gateway.database, "accounts").await, 1);
    gateway.stop().await;
}

/// Whoever asks knows the id, the purpose and the generation: the key alone must not be enough (docs/decisions/0001).
#[actix_web::test]
async fn the_key_computes_a_code_only_with_the_salt_in_the_database() {
    let gateway = TestGateway::start_with(|settings| settings.codes.keys = Some(CODE_KEYS.to_owned().into())).await;
    let client = gateway.client();
    let challenge = Challenge::new(&client.create_account(ANNA, &Install::new("First")).await.expect(202));
    let code = client.mailed_code(ANNA, "Confirm").await;
    let salt = salt_of(&gateway.database, &challenge).await;
    assert_eq!(derived(&challenge, Some(&salt)), code);
    let guess = derived(&challenge, None);
    assert_ne!(guess, code);
    client.verify(&challenge, &guess).await.expect_problem(422, "wrong_code");
    let told = challenge.body.to_string();
    assert!(!told.contains("salt"), "{told}");
    gateway.stop().await;
}

#[actix_web::test]
async fn a_challenge_that_began_before_salts_is_good_to_its_end() {
    let gateway = TestGateway::start_with(|settings| settings.codes.keys = Some(CODE_KEYS.to_owned().into())).await;
    let client = gateway.client();
    let challenge = Challenge::new(&client.create_account(ANNA, &Install::new("First")).await.expect(202));
    gateway.database.execute("UPDATE challenges SET code_salt = NULL").await;
    client.verify(&challenge, &derived(&challenge, None)).await.expect(200);
    gateway.stop().await;
}

async fn salt_of(database: &TestDatabase, challenge: &Challenge) -> CodeSalt {
    let row = format!("SELECT code_salt FROM challenges WHERE challenge_id = '{}'", challenge.id);
    let row = database.connect().await.query_one(&row, &[]).await.expect("a row");
    CodeSalt::new(row.get::<_, &[u8]>(0).try_into().expect("16 bytes"))
}

/// The first code of a challenge, derived as the gateway does.
fn derived(challenge: &Challenge, salt: Option<&CodeSalt>) -> String {
    let keys = CodeKeys::parse(&CODE_KEYS.to_owned().into()).expect("valid");
    let source = CodeSource {
        key_id: &KeyId::parse("test").expect("valid"),
        salt,
        challenge_id: ChallengeId::new(challenge.id.parse().expect("a UUID")),
        purpose: Purpose::CreateAccount,
        generation: 1,
        digits: 6,
    };
    keys.derive(&source).expect("the key is there").expose().to_owned()
}

async fn begin(client: &Client, password: &str, install: &Install) -> Challenge {
    let body = json!({ "email": ANNA, "password": password, "device": install.json() });
    Challenge::new(&client.send(reqwest::Method::POST, "/v1/accounts", None, Some(body)).await.expect(202))
}

#[actix_web::test]
async fn the_password_is_that_of_whoever_confirms_the_address() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let (stranger, owner) = (Install::new("Stranger"), Install::new("Owner"));
    let strange = begin(&client, "the stranger's", &stranger).await;
    let strange_code = client.mailed_code(ANNA, "Confirm").await;
    let owned = begin(&client, "the owner's own", &owner).await;
    let owned_code = code_in(&client.await_mail(ANNA, "Confirm", 2).await).expect("a code");
    client.verify(&owned, &owned_code).await.expect(200);

    client.verify(&strange, &strange_code).await.expect_problem(410, "challenge_closed");
    client.sign_in(ANNA, "the stranger's", &stranger, None).await.expect_problem(401, "invalid_credentials");
    client.sign_in(ANNA, "the owner's own", &owner, None).await.expect(200);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_second_attempt_of_the_same_install_replaces_the_first() {
    let gateway = TestGateway::start().await;
    let (client, install) = (gateway.client(), Install::new("First"));
    let first = Challenge::new(&client.create_account(ANNA, &install).await.expect(202));
    let code = client.mailed_code(ANNA, "Confirm").await;
    client.create_account(ANNA, &install).await.expect(202);
    client.verify(&first, &code).await.expect_problem(410, "challenge_closed");
    gateway.stop().await;
}

/// They are good for a day: refusing a fourth would let anybody lock an address for that long.
#[actix_web::test]
async fn a_fourth_open_confirmation_replaces_the_first() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let mut challenges = Vec::new();
    for name in ["First", "Second", "Third", "Fourth"] {
        challenges.push(Challenge::new(&client.create_account(ANNA, &Install::new(name)).await.expect(202)));
    }
    client.verify(&challenges[0], "123456").await.expect_problem(410, "challenge_closed");
    for challenge in &challenges[1..] {
        assert_eq!(client.state(challenge).await["state"], "open");
    }
    gateway.stop().await;
}

/// Where only apps' servers bring users, nobody makes an account, and the page does not offer one.
#[actix_web::test]
async fn where_accounts_are_not_made_nobody_makes_one_and_the_page_does_not_ask() {
    let gateway = TestGateway::start_with(|settings| settings.accounts.registration = Registration::Closed).await;
    let client = gateway.client();
    let refused = client.create_account(ANNA, &Install::new("First")).await.expect_problem(403, "forbidden");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("accounts.registration")), "{refused}");
    assert_eq!(gateway.database.count("SELECT count(*) FROM accounts").await, 0);
    let page = client.send(reqwest::Method::GET, "/", None, None).await.expect(200);
    assert!(page.as_str().is_some_and(|page| page.contains("<body data-registration=\"closed\">")), "{page}");
    gateway.stop().await;
}
