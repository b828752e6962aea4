//! As much HTTP/1.1 as a sign-in needs.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::users::Users;

/// Longest request in bytes.
const LONGEST: usize = 16 * 1024;

/// Answers sign-ins and codes until the client ends.
pub(super) async fn answer(mut stream: TcpStream, users: &Users) -> anyhow::Result<()> {
    let mut buffer = Vec::with_capacity(2048);
    loop {
        let Some(length) = whole_request(&buffer) else {
            anyhow::ensure!(buffer.len() < LONGEST, "a request is too long");
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        buffer.drain(..length);
        let (status, body) = respond(&request, users);
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// How long the first request is, when all of it is here.
fn whole_request(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let whole = end + length.unwrap_or_default();
    (bytes.len() >= whole).then_some(whole)
}

fn respond(request: &str, users: &Users) -> (&'static str, String) {
    if !request.starts_with("POST /v1/sign-in") {
        return ("200 OK", r#"{"status":"signed_in"}"#.to_owned());
    }
    let user = request.split(r#""email":"floor-"#).nth(1).and_then(|rest| rest.split('@').next()?.parse().ok());
    let challenge = Uuid::now_v7();
    users.send_code(user.unwrap_or_default(), challenge);
    ("202 Accepted", format!(r#"{{"challenge":{{"id":"{challenge}","token":"floor"}}}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_whole_with_its_body() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST";
        assert_eq!(whole_request(request), Some(request.len() - 4));
        assert_eq!(whole_request(&request[..request.len() - 6]), None);
        assert_eq!(whole_request(b"POST / HTTP/1.1\r\n"), None);
    }
}
