//! A stream of Server-Sent Events (WHATWG HTML section 9.2).

use serde_json::Value;

use super::client::{Challenge, Client, DEADLINE};

pub struct EventStream {
    client: Client,
    challenge: Challenge,
    response: reqwest::Response,
    received: String,
}

impl EventStream {
    /// Opens the stream of a challenge.
    pub async fn open(client: &Client, challenge: &Challenge) -> Self {
        Self::open_with(client, challenge, &[]).await
    }

    /// Opens the stream of a challenge with further headers.
    pub async fn open_with(client: &Client, challenge: &Challenge, headers: &[(&str, &str)]) -> Self {
        let url = format!("{}{}", client.base(), challenge.path("/events"));
        let request = reqwest::Client::new().get(url).bearer_auth(&challenge.token);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let (client, challenge) = (client.clone(), challenge.clone());
        Self { client, challenge, response, received: String::new() }
    }

    /// The data of the next event, or `None` when the stream ended.
    pub async fn next(&mut self) -> Option<Value> {
        match tokio::time::timeout(DEADLINE, self.read()).await {
            Ok(next) => next,
            Err(_) => panic!("no news in time; it stands so: {}", self.client.state(&self.challenge).await),
        }
    }

    async fn read(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.received.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.received = rest;
                if let Some(data) = event.strip_prefix("event: state\ndata: ") {
                    return Some(serde_json::from_str(data).expect("JSON"));
                }
                assert!(event.starts_with(':'), "neither an event nor a comment: {event}");
                continue;
            }
            let Some(bytes) = self.response.chunk().await.expect("a whole stream") else {
                assert_eq!(self.received, "", "the stream broke inside an event");
                return None;
            };
            self.received.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
        }
    }

    /// The first event from here for which `is_it` holds.
    pub async fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let state = self.next().await.expect("not the end");
            if is_it(&state) {
                return state;
            }
        }
    }
}
