//! Checks the headers and the size of a push.
//!
//! Sources: RFC 8030 sections 5 and 7.2, and RFC 8291 section 4.

use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Method};

use super::refusal::Refusal;

/// Push services have to take so much; the large ones take no more.
const MAX_BODY_BYTES: usize = 4096;
const MAX_TOPIC_CHARACTERS: usize = 32;
const URGENCIES: [&str; 4] = ["very-low", "low", "normal", "high"];

/// Only POST makes a message.
pub(super) fn check_method(method: &Method) -> Result<(), Refusal> {
    match *method == Method::POST {
        true => Ok(()),
        false => Err(Refusal::new(405, "The method is not POST.")),
    }
}

/// What comes after the credentials: the other headers, the size.
pub(super) fn check_content(headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    check_time_to_live(headers)?;
    check_urgency(headers)?;
    check_topic(headers)?;
    if single(headers, CONTENT_ENCODING.as_str())? != Some("aes128gcm") {
        return Err(Refusal::new(415, "Content-Encoding is not aes128gcm."));
    }
    match body.len() > MAX_BODY_BYTES {
        true => Err(Refusal::new(413, format!("The body has more than {MAX_BODY_BYTES} bytes."))),
        false => Ok(()),
    }
}

/// RFC 8030 section 5.2.
fn check_time_to_live(headers: &HeaderMap) -> Result<(), Refusal> {
    let seconds = single(headers, "ttl")?.ok_or_else(|| Refusal::new(400, "TTL is missing."))?;
    let is_number = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    match is_number {
        true => Ok(()),
        false => Err(Refusal::new(400, "TTL is no number of seconds.")),
    }
}

/// RFC 8030 section 5.3.
fn check_urgency(headers: &HeaderMap) -> Result<(), Refusal> {
    match single(headers, "urgency")?.is_none_or(|urgency| URGENCIES.contains(&urgency)) {
        true => Ok(()),
        false => Err(Refusal::new(400, "Urgency is none of very-low, low, normal and high.")),
    }
}

/// RFC 8030 section 5.4.
fn check_topic(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(topic) = single(headers, "topic")? else {
        return Ok(());
    };
    let is_base64url = topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    match is_base64url && (1..=MAX_TOPIC_CHARACTERS).contains(&topic.len()) {
        true => Ok(()),
        false => Err(Refusal::new(400, "Topic is not 1 to 32 characters of base64url.")),
    }
}

/// The value of a header that may be there once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str().unwrap_or("?"));
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Refusal::new(400, format!("{name} is there twice."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(change: impl Fn(&mut HeaderMap), bytes: usize) -> u16 {
        let mut headers = HeaderMap::new();
        for (name, value) in [("ttl", "60"), ("urgency", "high"), ("topic", "code"), ("content-encoding", "aes128gcm")]
        {
            headers.insert(name, value.parse().unwrap());
        }
        change(&mut headers);
        check_content(&headers, &vec![0; bytes]).err().map_or(201, |refusal| refusal.status)
    }

    fn with(name: &'static str, value: &str) -> u16 {
        let set = |headers: &mut HeaderMap| {
            headers.insert(name, value.parse().unwrap());
        };
        status(set, 100)
    }

    fn without(name: &str) -> u16 {
        let remove = |headers: &mut HeaderMap| {
            headers.remove(name);
        };
        status(remove, 100)
    }

    #[test]
    fn headers_in_order_are_accepted() {
        assert_eq!(status(|_| {}, 4096), 201);
        assert_eq!(with("ttl", "0"), 201);
        assert_eq!(with("urgency", "very-low"), 201);
        assert_eq!(with("topic", &"a".repeat(32)), 201);
        assert_eq!((without("urgency"), without("topic")), (201, 201));
    }

    #[test]
    fn faults_have_their_status() {
        assert_eq!(status(|_| {}, 4097), 413);
        assert_eq!(without("ttl"), 400);
        for ttl in ["", "-1", "+1", "1.5", "soon"] {
            assert_eq!(with("ttl", ttl), 400, "{ttl}");
        }
        for urgency in ["", "urgent", "High", "high, low"] {
            assert_eq!(with("urgency", urgency), 400, "{urgency}");
        }
        for topic in ["", "a b", "a=", "a/b", &"a".repeat(33)] {
            assert_eq!(with("topic", topic), 400, "{topic}");
        }
        assert_eq!(without("content-encoding"), 415);
        assert_eq!(with("content-encoding", "aesgcm"), 415);
        let twice = |headers: &mut HeaderMap| {
            headers.append("ttl", "60".parse().unwrap());
        };
        assert_eq!(status(twice, 100), 400);
        assert_eq!(check_method(&Method::PUT).unwrap_err().status, 405);
    }
}
