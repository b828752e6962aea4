//! What the simulator refuses, and what it only records.

use std::time::Duration;

use serde_json::json;

use crate::application_server::{ApplicationServer, client, encrypt};
use crate::{refusal, start};

#[tokio::test]
async fn what_does_not_decrypt_is_accepted_and_recorded() {
    let simulator = start().await;
    let server = ApplicationServer::generate();
    let subscription = simulator.subscribe(None);
    let stranger = simulator.subscribe(None);
    let for_stranger = encrypt(&stranger, b"{}");
    for body in [for_stranger, b"plain".to_vec(), Vec::new()] {
        let request = server.request(&simulator, &subscription, b"{}").body(body.clone());
        assert_eq!(request.send().await.unwrap().status().as_u16(), 201);
        let received = simulator.received().pop().unwrap();
        assert!(received.refusal.is_some() && received.message.is_none() && received.body == body);
    }
}

#[tokio::test]
async fn headers_are_judged() {
    let simulator = start().await;
    let server = ApplicationServer::generate();
    let subscription = simulator.subscribe(None);
    for (name, value, status, reason) in [
        ("ttl", "soon", 400, "TTL"),
        ("urgency", "urgent", 400, "Urgency"),
        ("topic", "not base64url", 400, "Topic"),
        ("content-encoding", "aesgcm", 415, "Content-Encoding"),
        ("authorization", "Bearer x", 401, "Authorization"),
        ("authorization", "vapid t=a.b.c, k=d", 403, "token"),
    ] {
        let mut request = server.request(&simulator, &subscription, b"{}").build().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = client(&simulator, true).execute(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{name}: {value}");
        assert!(refusal(&simulator).contains(reason), "{}", refusal(&simulator));
    }
    for (name, status) in [("ttl", 400), ("content-encoding", 415), ("authorization", 401)] {
        let mut request = server.request(&simulator, &subscription, b"{}").build().unwrap();
        request.headers_mut().remove(name);
        let answer = client(&simulator, true).execute(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "without {name}");
    }
    assert!(simulator.received().iter().all(|request| request.message.is_none()));
}

#[tokio::test]
async fn method_and_size_are_judged() {
    let simulator = start().await;
    let server = ApplicationServer::generate();
    let subscription = simulator.subscribe(None);
    for (bytes, status) in [(4096, 201), (4097, 413), (100_000, 413)] {
        let request = server.request(&simulator, &subscription, b"{}").body(vec![0; bytes]);
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{bytes} bytes");
    }
    assert!(refusal(&simulator).contains("4096"));
    let answer = client(&simulator, true).get(&subscription.endpoint).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 405);
    assert!(refusal(&simulator).contains("POST"));
}

#[tokio::test]
async fn tokens_are_judged_by_signature_and_claims() {
    let simulator = start().await;
    let server = ApplicationServer::generate();
    let subscription = simulator.subscribe(None);
    let send = async |authorization: String| {
        let mut request = server.request(&simulator, &subscription, b"{}").build().unwrap();
        request.headers_mut().insert("authorization", authorization.parse().unwrap());
        client(&simulator, true).execute(request).await.unwrap().status().as_u16()
    };
    assert_eq!(send(server.authorization(&simulator, &json!({}))).await, 201);
    for (changes, reason) in [
        (json!({"aud": "https://push.example.net"}), "aud"),
        (json!({"aud": null}), "aud"),
        (json!({"exp": 1_000_000}), "expired"),
        (json!({"exp": 9_999_999_999_u64}), "24 hours"),
        (json!({"exp": null}), "exp"),
        (json!({"sub": "push@example.com"}), "sub"),
        (json!({"sub": null}), "sub"),
    ] {
        assert_eq!(send(server.authorization(&simulator, &changes)).await, 403, "{changes}");
        assert!(refusal(&simulator).contains(reason), "{}", refusal(&simulator));
    }
    let own = server.public_key();
    let authorization = server.authorization(&simulator, &json!({}));
    let forged = authorization.replace(&own, &ApplicationServer::generate().public_key());
    assert_eq!(send(forged).await, 403);
    simulator.advance_clock(Duration::from_secs(24 * 3600));
    assert_eq!(send(authorization).await, 403);
    assert!(refusal(&simulator).contains("expired"));
}
