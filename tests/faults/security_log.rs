//! What the security log says: when, what and who, in a form that no client can bend.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Call, Challenge, Install, PASSWORD, wrong};
use crate::support::database;
use crate::support::process::{GatewayProcess, data_folder, database_url, free_port};

const EMAIL: &str = "anna@example.com";

/// A line of the security log.
struct Line(Value);

impl Line {
    fn is(&self, route: &str, status: u64) -> bool {
        self.0["fields"]["http.route"] == route && self.0["fields"]["http.status"] == status
    }

    fn field(&self, name: &str) -> &Value {
        &self.0["fields"][name]
    }
}

/// The security log in what a gateway wrote; every line of the whole is one JSON object with a time in UTC.
fn security_log(logs: &str) -> Vec<Line> {
    let lines = logs.lines().filter(|line| !line.starts_with("listening on "));
    let lines = lines.map(|line| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        let time = line["timestamp"].as_str().expect("a time");
        assert!(time.ends_with('Z') && time.parse::<Timestamp>().is_ok(), "{time}");
        line
    });
    lines.filter(|line| line["target"] == "twostep::security").map(Line).collect()
}

/// The last line of calls of a route that ended so.
fn line_of<'a>(log: &'a [Line], route: &str, status: u64) -> &'a Line {
    let log_text = || log.iter().map(|line| format!("{}\n", line.0)).collect::<String>();
    log.iter().rfind(|line| line.is(route, status)).unwrap_or_else(|| panic!("no {route} {status} in {}", log_text()))
}

#[actix_web::test]
async fn the_security_log_says_who_was_let_in_and_who_was_refused() {
    let folder = data_folder();
    let gateway = GatewayProcess::start(folder.path(), &[("LOG__FORMAT", "json")]).await;
    let client = gateway.client();
    let first = client.new_protected_account(EMAIL).await;
    client.sign_in(EMAIL, "not the password", &first.install, None).await.expect_problem(401, "invalid_credentials");
    let mut screen = client.connect(&first).await;
    let install = Install::new("Second");
    let challenge = client.begin_sign_in(EMAIL, &install).await;
    let code = screen.code_of(&challenge.id).await;
    client.verify(&challenge, &wrong(&code)).await.expect_problem(422, "wrong_code");
    let second = client.sign_in_with_code(&challenge, &code, &install, false).await;
    client.delete(&format!("/v1/trusted-devices/{}", first.device_id), &second.access_token).await.expect(403);
    client.get("/v1/login-activity", "ts_at_made-up").await.expect_problem(401, "unauthorized");
    gateway.signal("TERM");
    let (status, logs) = gateway.ended().await;
    assert!(status.success());
    let log = security_log(&logs);

    let verified = line_of(&log, "/v1/challenges/{id}/verify", 200);
    let account = line_of(&log, "/v1/sign-in", 202).field("account.id").clone();
    assert!(account.is_string());
    let (calls, others): (Vec<_>, Vec<_>) = log.iter().partition(|line| line.field("http.method").is_string());
    let client = calls[0].field("client");
    assert!(client.is_string() && calls.iter().all(|line| line.field("client") == client), "one network, one word");
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].field("message"), "a wrong password was typed");
    assert_eq!(others[0].field("account.id"), &account);
    assert_eq!(line_of(&log, "/v1/sign-in", 401).field("problem.code"), "invalid_credentials");
    let wrong_code = line_of(&log, "/v1/challenges/{id}/verify", 422);
    assert_eq!(wrong_code.field("problem.code"), "wrong_code");
    for line in [verified, wrong_code] {
        assert_eq!(line.field("challenge.id"), &challenge.id);
    }
    let forbidden = line_of(&log, "/v1/trusted-devices/{id}", 403);
    assert_eq!((forbidden.field("account.id"), forbidden.field("device.id")), (&account, &json!(second.device_id)));
    assert!(forbidden.field("session.id").is_string());
    assert_eq!(line_of(&log, "/v1/login-activity", 401).field("problem.code"), "unauthorized");
    line_of(&log, "/v1/connect", 101);
    for secret in [EMAIL, "127.0.0.1\"", "ts_at_", code.as_str()] {
        assert!(!log.iter().any(|line| line.0.to_string().contains(secret)), "{secret}");
    }
}

#[actix_web::test]
async fn the_security_log_says_what_operators_and_apps_did_to_whom() {
    let (folder, address) = (data_folder(), format!("127.0.0.1:{}", free_port()));
    let settings = [("LOG__FORMAT", "json"), ("OPERATOR__ADDRESS", address.as_str())];
    let gateway = GatewayProcess::start(folder.path(), &settings).await;
    let (client, operator) = (gateway.client(), gateway.operator(&address));
    let body = json!({ "name": "shop", "scopes": ["subjects:write", "subjects:read"] });
    let key = operator.send(Method::POST, "/admin/api-keys", None, Some(body)).await.expect(201);
    let by_app = async |method: Method, path: &str, body: Option<Value>| {
        let call = Call { method, path, token: key["key"].as_str() };
        client.send_with(&call, &[], body).await.expect(200)
    };
    by_app(Method::PUT, "/v1/subjects/ann", Some(json!({}))).await;
    by_app(Method::GET, "/v1/subjects/ann/export", None).await;
    let found = operator.send(Method::GET, "/admin/accounts?subject=ann", None, None).await.expect(200);
    let account = &found["id"];
    let path = format!("/admin/accounts/{}", account.as_str().expect("an id"));
    operator.send(Method::DELETE, &path, None, None).await.expect(204);
    gateway.signal("TERM");
    let log = security_log(&gateway.ended().await.1);

    line_of(&log, "/admin/api-keys", 201);
    line_of(&log, "/admin/accounts", 200);
    let changed = line_of(&log, "/v1/subjects/{subject}", 200);
    assert_eq!((changed.field("account.id"), changed.field("api_key.id")), (account, &key["id"]));
    assert_eq!(line_of(&log, "/v1/subjects/{subject}/export", 200).field("api_key.id"), &key["id"]);
    let deleted = line_of(&log, "/admin/accounts/{id}", 204);
    assert_eq!((deleted.field("account.id"), deleted.field("http.method")), (account, &json!("DELETE")));
}

/// Neither a spelling of the address nor a made-up method changes what a line says.
#[actix_web::test]
async fn a_call_is_in_the_security_log_under_its_own_name_however_it_is_spelled() {
    let (folder, address) = (data_folder(), format!("127.0.0.1:{}", free_port()));
    let settings = [("LOG__FORMAT", "json"), ("OPERATOR__ADDRESS", address.as_str())];
    let gateway = GatewayProcess::start(folder.path(), &settings).await;
    let (client, operator) = (gateway.client(), gateway.operator(&address));
    let first = client.new_account(EMAIL).await;
    let found = operator.send(Method::GET, "/admin/accounts?email=anna%40example.com", None, None).await.expect(200);
    let id = found["id"].as_str().expect("an id");
    operator.send(Method::GET, &format!("/admin/%61ccounts/{id}/%65xport"), None, None).await.expect(200);
    let path = "/v1/login-security/two-step";
    let challenge =
        Challenge::new(&client.post(path, &first.access_token, json!({ "enabled": true })).await.expect(202));
    let path = format!("/v1/%63hallenges/{}/verify", challenge.id);
    let code = client.mailed_code(EMAIL, "Turn on").await;
    client.post(&path, &challenge.token, json!({ "code": wrong(&code) })).await.expect_problem(422, "wrong_code");
    for word in ["VERIFIED", "GET-by-an-operator", "get"] {
        let method = Method::from_bytes(word.as_bytes()).expect("a method");
        client.send(method.clone(), "/v1/sign-in", None, None).await;
        operator.send(method, "/admin/rollout", None, None).await;
    }
    gateway.signal("TERM");
    let logs = gateway.ended().await.1;
    let log = security_log(&logs);

    assert_eq!(line_of(&log, "/admin/accounts/{id}/export", 200).field("account.id"), &json!(id));
    assert_eq!(line_of(&log, "/v1/challenges/{id}/verify", 422).field("challenge.id"), &json!(challenge.id));
    assert_eq!(log.iter().filter(|line| line.field("http.method") == "other").count(), 6, "{logs}");
    for word in ["VERIFIED", "by-an-operator"] {
        assert!(!log.iter().any(|line| line.0.to_string().contains(word)), "{word}");
    }
}

#[actix_web::test]
async fn an_error_that_nobody_expected_is_in_the_log_and_not_in_the_answer() {
    let folder = data_folder();
    let gateway = GatewayProcess::start(folder.path(), &[("LOG__FORMAT", "json")]).await;
    let client = gateway.client();
    let first = client.new_account(EMAIL).await;
    let database = database::connect(&database_url(folder.path())).await;
    database.batch_execute("ALTER TABLE login_activity RENAME TO gone").await.expect("renamed");
    let told = client.sign_in(EMAIL, PASSWORD, &first.install, None).await.expect_problem(500, "internal_error");
    assert!(!told.to_string().contains("login_activity"), "{told}");
    gateway.signal("TERM");
    let (_, logs) = gateway.ended().await;
    assert_eq!(line_of(&security_log(&logs), "/v1/sign-in", 500).field("problem.code"), "internal_error");
    let is_error =
        |line: &str| line.contains(r#""level":"ERROR""#) && line.contains("the database refused a statement");
    assert!(logs.lines().any(is_error), "{logs}");
}

#[actix_web::test]
async fn nothing_that_a_client_sends_makes_a_line_of_the_log() {
    let folder = data_folder();
    let gateway = GatewayProcess::start(folder.path(), &[("LOG__FORMAT", "text"), ("LOG__FILTER", "trace")]).await;
    let client = gateway.client();
    let forged = "forged\n2026-01-01T00:00:00Z  INFO a call was answered account.id=forged";
    let install = Install::new(forged);
    client.create_account("ben@example.com", &install).await.expect(202);
    client.sign_in(forged, forged, &install, Some(forged)).await.expect_problem(400, "invalid_request");
    let first = client.new_account(EMAIL).await;
    client.sign_in(EMAIL, forged, &first.install, None).await.expect_problem(401, "invalid_credentials");
    for path in ["/v1/forged%0Aforged", "/v1/challenges/forged%0Aforged", "/v1/login-activity?cursor=forged%0Aforged"] {
        assert!(client.send(Method::DELETE, path, None, None).await.status.is_client_error());
        assert!(client.get(path, &first.access_token).await.status.is_client_error());
    }
    gateway.signal("TERM");
    let (_, logs) = gateway.ended().await;
    assert!(logs.contains("a call was refused"), "{logs}");
    let line = logs.lines().find(|line| line.contains("forged"));
    assert!(line.is_none(), "{line:?}");
}
