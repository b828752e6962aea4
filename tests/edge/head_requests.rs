//! `HEAD` wherever there is `GET`, on all sides and both versions of HTTP.

use reqwest::{Method, StatusCode, Version};

use crate::support::gateway::TestGateway;

async fn ask(client: &reqwest::Client, method: Method, address: &str) -> (StatusCode, Vec<Option<String>>, usize) {
    let answer = client.request(method, address).send().await.expect("an answer");
    let status = answer.status();
    let headers = ["content-type", "content-length", "cache-control", "etag", "allow"]
        .map(|name| answer.headers().get(name).map(|value| value.to_str().expect("a text").to_owned()));
    (status, headers.to_vec(), answer.bytes().await.expect("a body").len())
}

#[actix_web::test]
async fn head_is_answered_as_get_without_a_body() {
    let gateway = TestGateway::start().await;
    let [public, operator] = [gateway.url(), gateway.operator_url()];
    let client = reqwest::Client::new();
    let public_paths = ["/", "/docs", "/v1/openapi.json", "/v1/client-ip", "/.well-known/jwks.json", "/v1/account"];
    let addresses = public_paths.map(|path| format!("{public}{path}")).into_iter();
    let operator_paths = ["/", "/healthz", "/livez", "/readyz", "/version"].map(|path| format!("{operator}{path}"));
    for address in addresses.chain(operator_paths) {
        let (status, headers, length) = ask(&client, Method::GET, &address).await;
        // On the same connection as before: a body that came all the same would be read as the next answer.
        for _ in 0..2 {
            let asked = ask(&client, Method::HEAD, &address).await;
            assert_eq!(asked, (status, headers.clone(), 0), "{address}");
        }
        assert!(length > 0, "{address}");
    }
    let (status, ..) = ask(&client, Method::HEAD, &format!("{operator}/metrics")).await;
    assert_eq!(status, 200);
    let (status, headers, _) = ask(&client, Method::HEAD, &format!("{public}/v1/sign-in")).await;
    assert_eq!((status.as_u16(), headers[4].as_deref()), (405, Some("POST")));
    let (status, headers, _) = ask(&client, Method::PUT, &format!("{public}/v1/client-ip")).await;
    assert_eq!((status.as_u16(), headers[4].as_deref()), (405, Some("GET, HEAD")));
    gateway.stop().await;
}

#[actix_web::test]
async fn head_over_http_2() {
    let files = super::tls::Files::new();
    let gateway = TestGateway::start_with(|settings| files.set(settings)).await;
    let certificate = reqwest::Certificate::from_pem(files.pem.as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder().tls_certs_only([certificate]).build().expect("a client");
    let address = format!("{}/v1/openapi.json", gateway.url());
    let answer = client.head(&address).send().await.expect("an answer");
    assert_eq!((answer.version(), answer.status().as_u16()), (Version::HTTP_2, 200));
    assert!(answer.bytes().await.expect("a body").is_empty());
    gateway.stop().await;
}
