//! HTTP/1.1 with connections that are kept, straight on hyper: most of what a load generator spends is spent here.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::contract::Problem;
use super::target::Target;

/// A connection that was idle for longer is not used again: gateways close them after a few seconds.
const KEPT: Duration = Duration::from_secs(3);
/// An answer that takes longer is given up.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What a key of an app's server begins with: what it creates is named, so that it is done once.
const API_KEY: &str = "ts_ak_";

type Sender = SendRequest<Full<Bytes>>;

/// A client of one gateway from one address. Requests at the same time use connections of their own.
#[derive(Clone)]
pub(crate) struct Http {
    target: Arc<Target>,
    source: Option<IpAddr>,
    idle: Arc<Mutex<Vec<(Instant, Sender)>>>,
}

/// An answer.
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// When to come again, as a refusal says (RFC 9110 section 10.2.3, in seconds).
    pub(crate) retry_after: Option<Duration>,
    body: Bytes,
}

impl Answer {
    /// Status and problem code, for people.
    pub(crate) fn text(&self) -> String {
        let code = self.read::<Problem>().map(|problem| problem.code).unwrap_or_default();
        format!("{} {code}", self.status.as_u16()).trim_end().to_owned()
    }

    /// When to come again, if the gateway is not able to answer now.
    pub(crate) fn busy(&self) -> Option<Duration> {
        self.retry_after.filter(|_| self.status == StatusCode::SERVICE_UNAVAILABLE)
    }

    /// The body as text.
    pub(crate) fn body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Reads the body.
    ///
    /// # Errors
    /// When it has another shape.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("{} has an unexpected body: {}", self.status, self.body()))
    }

    /// The body, when the status is this one.
    ///
    /// # Errors
    /// When it is another; the text holds the problem.
    pub(crate) fn expect<T: DeserializeOwned>(&self, status: StatusCode) -> anyhow::Result<T> {
        anyhow::ensure!(self.status == status, "{status} was expected, but it is {}: {}", self.status, self.body());
        self.read()
    }
}

impl Http {
    /// A client without connections.
    pub(crate) fn new(target: &Arc<Target>, source: Option<IpAddr>) -> Self {
        Self { target: Arc::clone(target), source, idle: Arc::default() }
    }

    /// The gateway it talks to.
    pub(crate) fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// Where its connections come from.
    pub(crate) fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// GET with a token.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, token, Bytes::new()).await
    }

    /// DELETE with a token.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn delete(&self, path: &str, token: &str) -> anyhow::Result<Answer> {
        self.send(Method::DELETE, path, Some(token), Bytes::new()).await
    }

    /// POST with a JSON body.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn post<B: Serialize + Sync>(
        &self,
        path: &str,
        token: Option<&str>,
        body: &B,
    ) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, token, serde_json::to_vec(body)?.into()).await
    }

    /// PUT with a JSON body.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn put<B: Serialize + Sync>(&self, path: &str, token: &str, body: &B) -> anyhow::Result<Answer> {
        self.send(Method::PUT, path, Some(token), serde_json::to_vec(body)?.into()).await
    }

    /// PATCH with a JSON body.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn patch<B: Serialize + Sync>(&self, path: &str, token: &str, body: &B) -> anyhow::Result<Answer> {
        self.send(Method::PATCH, path, Some(token), serde_json::to_vec(body)?.into()).await
    }

    async fn send(&self, method: Method, path: &str, token: Option<&str>, body: Bytes) -> anyhow::Result<Answer> {
        let call = async {
            loop {
                let kept = self.take_kept();
                let is_kept = kept.is_some();
                let mut sender = match kept {
                    Some(sender) => sender,
                    None => self.connect().await?,
                };
                let request = self.request(&method, path, token, body.clone())?;
                match exchange(&mut sender, request).await {
                    Ok(answer) => {
                        self.keep(sender);
                        return Ok(answer);
                    }
                    // The gateway closed it before it took the request: a new one is not closed.
                    Err(error) if is_kept && (error.is_canceled() || error.is_closed()) => {}
                    Err(error) => return Err(anyhow::Error::new(error).context(format!("{method} {}", route(path)))),
                }
            }
        };
        let answered = tokio::time::timeout(ANSWER_WITHIN, call).await;
        answered.with_context(|| format!("{} was not answered within {ANSWER_WITHIN:?}", route(path)))?
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        token: Option<&str>,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, http::Error> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.target.host);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
            if token.starts_with(API_KEY) && *method == Method::POST {
                request = request.header("idempotency-key", Uuid::now_v7().to_string());
            }
        }
        if matches!(*method, Method::POST | Method::PATCH | Method::PUT) {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request.body(Full::new(body))
    }

    fn take_kept(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((since, sender)) = idle.pop() {
            if since.elapsed() < KEPT && sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    fn keep(&self, sender: Sender) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), sender));
    }

    async fn connect(&self) -> anyhow::Result<Sender> {
        let stream = self.target.connect(self.source).await.context("the gateway cannot be reached")?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// A path without what differs from call to call.
fn route(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let segments = path.split('/').map(|segment| if Uuid::parse_str(segment).is_ok() { "{id}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

async fn exchange(sender: &mut Sender, request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error> {
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.into_body().collect().await?.to_bytes();
    Ok(Answer { status, retry_after: after.map(Duration::from_secs), body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_the_same_for_all_its_calls() {
        assert_eq!(route("/v1/challenges/018f3e2a-0000-7000-8000-000000000001/verify"), "/v1/challenges/{id}/verify");
        assert_eq!(route("/v1/login-activity?limit=100&cursor=x"), "/v1/login-activity");
    }
}
