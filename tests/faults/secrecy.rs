//! What must appear nowhere: codes and tokens in tables and logs, addresses and IPs in logs.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::client::{Challenge, Client, Install, PASSWORD, SignedIn, wrong};
use crate::support::database;
use crate::support::process::{GatewayProcess, data_folder, database_url};
use crate::support::socket::Socket;

const EMAIL: &str = "anna.secret@example.com";
/// Not the address that the gateway listens on, which the log may name.
const CLIENT_ADDRESS: &str = "127.0.0.2";
const TOKEN_PREFIXES: [&str; 5] = ["ts_at_", "ts_rt_", "ts_tt_", "ts_ct_", "ts_wt_"];

/// Everything secret that a client saw.
#[derive(Default)]
struct Seen {
    codes: Vec<String>,
    tokens: Vec<String>,
    challenges: Vec<String>,
}

impl Seen {
    fn challenge(&mut self, challenge: &Challenge) {
        self.challenges.push(challenge.id.clone());
        self.tokens.push(challenge.token.clone());
    }

    fn device(&mut self, device: &SignedIn) {
        self.tokens.extend([&device.access_token, &device.refresh_token].map(Clone::clone));
        self.tokens.extend(device.trust_token.clone());
    }

    fn tokens_in(&mut self, body: &Value) {
        match body {
            Value::String(text) if text.starts_with("ts_") => self.tokens.push(text.clone()),
            Value::Object(fields) => fields.values().for_each(|value| self.tokens_in(value)),
            _ => {}
        }
    }
}

/// The story of an account, with every way in which a code or a token comes up.
async fn whole_story(client: &Client) -> Seen {
    let mut seen = Seen::default();
    let install = Install::new("First");
    let challenge = Challenge::new(&client.create_account(EMAIL, &install).await.expect(202));
    let code = client.mailed_code(EMAIL, "Confirm").await;
    let mut first = SignedIn::new(&install, &client.verify(&challenge, &code).await.expect(200));
    seen.challenge(&challenge);
    seen.codes.push(code);

    let path = "/v1/login-security/two-step";
    let challenge =
        Challenge::new(&client.post(path, &first.access_token, json!({ "enabled": true })).await.expect(202));
    let code = client.mailed_code(EMAIL, "Turn on").await;
    seen.tokens_in(&client.verify(&challenge, &code).await.expect(200));
    seen.challenge(&challenge);
    seen.codes.push(code);

    let body = json!({ "refresh_token": first.refresh_token });
    let renewed = client.send(reqwest::Method::POST, "/v1/sessions/refresh", None, Some(body)).await.expect(200);
    seen.device(&first);
    seen.tokens_in(&renewed);
    first.access_token = renewed["session"]["access_token"].as_str().expect("a token").to_owned();

    let ticket = client.post("/v1/connect/ticket", &first.access_token, json!({})).await.expect(200);
    seen.tokens_in(&ticket);
    let query = format!("?ticket={}", ticket["ticket"].as_str().expect("a ticket"));
    let mut screen = Socket::open(client.base(), &query, &[]).await.expect("let in");
    assert_eq!(screen.next().await["type"], "welcome");
    screen.send(json!({ "type": "refresh", "access_token": first.access_token })).await;

    second_device(client, &first, &mut screen, &mut seen).await;
    let denied = client.begin_sign_in(EMAIL, &Install::new("Third")).await;
    seen.codes.push(screen.code_of(&denied.id).await);
    screen.send(json!({ "type": "deny", "challenge_id": denied.id })).await;
    screen.next_of("security_alert").await;
    seen.challenge(&denied);
    client.sign_in(EMAIL, "not the password at all", &install, None).await.expect_problem(401, "invalid_credentials");
    screen.send(json!({ "type": "nothing", "access_token": first.access_token })).await;
    assert_eq!(screen.close_code().await, 1007);
    seen
}

async fn second_device(client: &Client, first: &SignedIn, screen: &mut Socket, seen: &mut Seen) {
    let install = Install::new("Second");
    let challenge = client.begin_sign_in(EMAIL, &install).await;
    let shown = screen.code_of(&challenge.id).await;
    client.await_delivery(&challenge, "shown").await;
    client.verify(&challenge, &wrong(&shown)).await.expect_problem(422, "wrong_code");
    let unknown_field = json!({ "code": shown, "more": 1 });
    client.post(&challenge.path("/verify"), &challenge.token, unknown_field).await.expect(400);
    client.get(&challenge.path(""), &first.access_token).await.expect_problem(401, "unauthorized");
    client.post(&challenge.path("/resend"), &challenge.token, json!({ "method": "email" })).await.expect(202);
    let mailed = client.mailed_code(EMAIL, "sign-in code").await;
    let second = SignedIn::new(&install, &client.verify(&challenge, &mailed).await.expect(200));
    seen.challenge(&challenge);
    seen.device(&second);
    seen.codes.extend([shown, mailed]);

    let again = client.sign_in(EMAIL, PASSWORD, &second.install, second.trust_token.as_deref()).await.expect(200);
    let second = SignedIn::new(&install, &again);
    seen.device(&second);
    client.delete("/v1/sessions/current", &second.access_token).await.expect(204);
    client.delete(&format!("/v1/trusted-devices/{}", second.device_id), &first.access_token).await.expect(204);
}

/// Every row of every table, as text.
async fn dump(data_dir: &Path) -> String {
    let database = database::connect(&database_url(data_dir)).await;
    let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
    let mut dump = String::new();
    for table in database.query(tables, &[]).await.expect("tables") {
        let table: String = table.get(0);
        let rows = database.query(&format!("SELECT row::text FROM {table} AS row"), &[]).await.expect("rows");
        dump.push_str(&table);
        for row in rows {
            dump.push('\n');
            dump.push_str(row.get(0));
        }
        dump.push('\n');
    }
    dump
}

fn expect_absent(haystack: &str, place: &str, needles: impl IntoIterator<Item = impl AsRef<str>>) {
    for needle in needles {
        let line = haystack.lines().find(|line| line.contains(needle.as_ref()));
        assert!(line.is_none(), "{} is in the {place}: {}", needle.as_ref(), line.unwrap_or_default());
    }
}

#[actix_web::test]
async fn codes_and_tokens_are_nowhere_and_logs_name_nobody() {
    let folder = data_folder();
    // Ten digits: six may come up by chance, in a time or in a hash.
    let settings = [("LOG__FILTER", "trace"), ("CODES__DIGITS", "10")];
    let gateway = GatewayProcess::start(folder.path(), &settings).await;
    let seen = whole_story(&Client::from_address(&gateway.url, CLIENT_ADDRESS)).await;
    let dump = dump(folder.path()).await;
    gateway.signal("TERM");
    let (status, mut logs) = gateway.ended().await;
    assert!(status.success());
    logs += &std::fs::read_to_string(folder.path().join("postgres/postgres.log")).expect("PostgreSQL's log");

    // The check can fail: both places hold what they may hold, and all that is looked for came up.
    assert!(dump.contains(EMAIL) && dump.contains(CLIENT_ADDRESS) && dump.contains("schema_history"));
    assert!(logs.contains("TRACE") || logs.contains("DEBUG"), "{logs}");
    for challenge in &seen.challenges {
        assert!(logs.contains(challenge) && dump.contains(challenge), "{challenge}");
    }
    assert!(seen.codes.len() == 5 && seen.codes.iter().all(|code| code.len() == 10));
    for prefix in TOKEN_PREFIXES {
        assert!(seen.tokens.iter().any(|token| token.starts_with(prefix)), "{prefix}");
    }

    let grouped = seen.codes.iter().map(|code| format!("{} {}", &code[..5], &code[5..]));
    let bare_tokens = seen.tokens.iter().map(|token| &token["ts_at_".len()..]);
    for (place, text) in [("database", &dump), ("logs", &logs)] {
        expect_absent(text, place, &seen.codes);
        expect_absent(text, place, grouped.clone());
        expect_absent(text, place, bare_tokens.clone());
        expect_absent(text, place, TOKEN_PREFIXES);
        expect_absent(text, place, [PASSWORD, "not the password at all"]);
    }
    expect_absent(&logs, "logs", [EMAIL, "anna.secret", "example.com", CLIENT_ADDRESS]);
}
