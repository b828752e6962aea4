//! Cookies that somebody else set, beside those of the page.

use reqwest::Method;
use serde_json::{Value, json};

use super::page::{OWN, Page};
use super::{ANNA, BEN};
use crate::support::client::{Install, PASSWORD};
use crate::support::gateway::TestGateway;

/// Somebody who can set cookies for a sibling domain, or over plain HTTP, spells the names of ours otherwise.
#[actix_web::test]
async fn a_planted_cookie_is_not_taken_for_a_token() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    let intruder = client.new_account(BEN).await;
    let mut page = Page::new(&gateway);
    page.protected(&client, ANNA).await;
    let own = format!("__Host-ts_at={}", page.cookies["__Host-ts_at"]);
    let url = format!("{}/v1/login-security", gateway.url());
    let ask = async |cookies: &[Vec<u8>]| {
        let mut request = page.http.get(&url);
        for (name, value) in OWN {
            request = request.header(name, value);
        }
        for field in cookies {
            request = request.header("cookie", reqwest::header::HeaderValue::from_bytes(field).expect("a value"));
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let set: Vec<String> = answer
            .headers()
            .get_all("set-cookie")
            .iter()
            .map(|cookie| cookie.to_str().expect("a text").to_owned())
            .collect();
        (status, set, answer.text().await.expect("a body"))
    };
    for name in [
        "%5F%5FHost-ts_at",
        "__Host%2Dts_at",
        "__host-ts_at",
        "\u{a0}__Host-ts_at",
        "\u{3000}__Host-ts_at",
        "__Host-ts_at\u{2003}",
    ] {
        let planted = format!("{name}={}", intruder.access_token);
        let both = [format!("{planted}; {own}"), format!("{own}; {planted}")];
        for cookies in both {
            let (status, set, body) = ask(&[cookies.into_bytes()]).await;
            assert!(status == 200 && set.is_empty() && body.contains("\"enabled\":true"), "{name}: {status} {body}");
        }
        assert_eq!(ask(&[planted.into_bytes()]).await.0, 401, "{name}");
    }
    for other in [b"a=\xff\xfe".as_slice(), b"\xf0=\x80", b"%FF=%C0%80", b"=", b";;", b"\"", b"a", b"%"] {
        let (status, _, body) = ask(&[[other, b"; ", own.as_bytes()].concat()]).await;
        assert_eq!(status, 200, "{other:?} {body}");
        assert_eq!(ask(&[other.to_vec(), own.clone().into_bytes()]).await.0, 200, "{other:?} in a field of its own");
    }
    // Twice counts as none, and is cleared.
    let twice = format!("__Host-ts_at={}", intruder.access_token);
    let one_field = vec![format!("{twice}; {own}").into_bytes()];
    let two_fields = vec![own.clone().into_bytes(), twice.clone().into_bytes()];
    for cookies in [one_field, two_fields, vec![format!("{own}; {own}").into_bytes()]] {
        let (status, set, _) = ask(&cookies).await;
        assert_eq!((status, set.len()), (401, 1), "{set:?}");
        assert!(set[0].starts_with("__Host-ts_at=;") && set[0].contains("Max-Age=0") && set[0].contains("Secure"));
    }
    gateway.stop().await;
}

/// An answer that sets a token keeps it, though its name came twice with the request.
#[actix_web::test]
async fn a_sign_in_with_a_doubled_cookie_keeps_the_new_one() {
    let gateway = TestGateway::start().await;
    let client = gateway.client();
    client.new_account(ANNA).await;
    let mut page = Page::new(&gateway);
    let body = json!({ "email": ANNA, "password": PASSWORD, "device": Install::new("Page").json() });
    let planted = "__Host-ts_at=one; __Host-ts_at=two; __Host-ts_ct=one; __Host-ts_ct=two";
    let headers = [OWN[0], OWN[1], ("cookie", planted)];
    assert_eq!(page.send(Method::POST, "/v1/sign-in", body, &headers).await.0, 200);
    assert!(page.cookies.contains_key("__Host-ts_at") && !page.cookies.contains_key("__Host-ts_ct"));
    assert_eq!(page.call(Method::GET, "/v1/login-security", Value::Null).await.0, 200);
    gateway.stop().await;
}
