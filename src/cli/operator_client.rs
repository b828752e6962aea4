//! The operator's side of a running gateway, as the commands see it that ask or tell it something.

mod error;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

pub use error::ClientError;
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

/// A gateway that says nothing for this long does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the gateway is, on the command line.
#[derive(Debug, Clone, clap::Args)]
pub struct Where {
    /// The operator's address of any node; without it, `operator.address` of the configuration on this machine.
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// The file with the operator's token; without it, `operator.token_file` of the configuration.
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

impl Where {
    /// Whether the configuration is needed to find the gateway or its token.
    #[must_use]
    pub fn needs_configuration(&self) -> bool {
        self.url.is_none() || self.token_file.is_none()
    }
}

/// What the configuration says of the gateway on this machine.
#[derive(Debug, Clone)]
pub struct Configured {
    /// Where its operator's side listens.
    pub address: SocketAddr,
    /// Where the operator's token is.
    pub token_file: Option<PathBuf>,
}

/// An account, as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// By its address.
    Email(String),
    /// By its id.
    Id(Uuid),
    /// By what an app calls it.
    Subject(String),
}

impl FromStr for Who {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(subject) = text.strip_prefix("subject:") {
            return Ok(Self::Subject(subject.to_owned()));
        }
        if text.contains('@') {
            return Ok(Self::Email(text.to_owned()));
        }
        text.parse().map(Self::Id).map_err(|_| "is neither an address, nor the id of an account, nor subject:ID")
    }
}

/// One gateway.
pub struct Operator {
    base: Url,
    http: reqwest::Client,
    /// The token, or why there is none.
    token: Result<SecretString, String>,
}

impl Operator {
    fn new(url: &str, token: Result<SecretString, String>) -> Result<Self, ClientError> {
        let no_url = || ClientError::Url(url.to_owned());
        let base = Url::parse(url).map_err(|_| no_url())?;
        if !matches!(base.scheme(), "http" | "https") || base.query().is_some() || base.fragment().is_some() {
            return Err(no_url());
        }
        // A second call finds the provider installed; it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The operator's side is near: no proxy for the world outside stands between. It sends nobody, and the token, elsewhere.
        let builder = reqwest::Client::builder().timeout(PATIENCE).no_proxy().redirect(Policy::none());
        let http = builder.build().map_err(|_| no_url())?;
        Ok(Self { base, http, token })
    }

    /// The one that listens on this machine. One that listens on every address is asked on this machine's own.
    fn at(mut address: SocketAddr, token: Result<SecretString, String>) -> Result<Self, ClientError> {
        if address.port() == 0 {
            return Err(ClientError::AnyPort);
        }
        if address.ip().is_unspecified() {
            let is_v4 = address.is_ipv4();
            address.set_ip(if is_v4 { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) });
        }
        Self::new(&format!("http://{address}"), token)
    }

    /// The one that is named, or the one of the configuration on this machine. Blocking: reads the token.
    ///
    /// # Errors
    /// [`ClientError`] when neither is an address, or the token cannot be read.
    pub fn find(named: &Where, configured: Option<&Configured>) -> Result<Self, ClientError> {
        let token = match (&named.token_file, configured.and_then(|configured| configured.token_file.as_ref())) {
            (Some(path), _) => Ok(read_token(path).map_err(|cause| ClientError::Token { path: path.clone(), cause })?),
            (None, Some(path)) => configured_token(path)?,
            (None, None) => Err("no file of a token is named".to_owned()),
        };
        match (&named.url, configured) {
            (Some(url), _) => Self::new(url, token),
            (None, Some(configured)) => Self::at(configured.address, token),
            (None, None) => Err(ClientError::NoAddress),
        }
    }

    /// The id of an account.
    ///
    /// # Errors
    /// [`ClientError::UnknownAddress`] or [`ClientError::UnknownSubject`] when there is none, or that of a call. An id is taken as it is.
    pub async fn id_of(&self, account: &Who) -> Result<String, ClientError> {
        let (kind, name, missing): (_, _, fn(String) -> ClientError) = match account {
            Who::Id(id) => return Ok(id.to_string()),
            Who::Email(email) => ("email", email, ClientError::UnknownAddress),
            Who::Subject(subject) => ("subject", subject, ClientError::UnknownSubject),
        };
        let answer = self.call(Method::GET, "admin/accounts", &[(kind, name)], None).await?;
        let found = answer.or_if_missing(|| missing(name.clone()))?;
        found["id"].as_str().map(str::to_owned).ok_or_else(|| missing(name.clone()))
    }

    /// Calls something that every operator's side has.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Value, ClientError> {
        self.call(method, path, query, body).await?.known(self)
    }

    /// Calls something about one thing, which may not be there.
    ///
    /// # Errors
    /// [`ClientError::Unknown`], or that of a call.
    pub async fn ask_about(
        &self,
        (what, id): (&'static str, &str),
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Value, ClientError> {
        let missing = || ClientError::Unknown { what, id: id.to_owned() };
        self.call(method, path, query, body).await?.or_if_missing(missing)
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Answered, ClientError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url);
        if let Ok(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let away = |error: &reqwest::Error| ClientError::Away { url: self.url(), why: cause(error) };
        let response = request.send().await.map_err(|error| away(&error))?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            let why = self.token.as_ref().err().cloned().unwrap_or_else(|| "it has another than this".to_owned());
            return Err(ClientError::NotLetIn { url: self.url(), why });
        }
        let text = response.text().await.map_err(|error| away(&error))?;
        Ok(Answered { status, body: serde_json::from_str(&text).unwrap_or_default() })
    }

    fn url(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }
}

/// The token of a file, without the line feed at its end.
fn read_token(path: &Path) -> io::Result<SecretString> {
    Ok(twostep_private_file::read_unchecked(path)?.expose_secret().trim().into())
}

/// The token of the configuration's file, which need not be there: a gateway that runs elsewhere may be asked what needs none.
fn configured_token(path: &Path) -> Result<Result<SecretString, String>, ClientError> {
    match read_token(path) {
        Ok(token) => Ok(Ok(token)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Err(format!("{} is not there", path.display()))),
        Err(cause) => Err(ClientError::Token { path: path.to_owned(), cause }),
    }
}

/// The last link of the chain: what really happened.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it says nothing".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

struct Answered {
    status: StatusCode,
    body: Value,
}

impl Answered {
    /// The body, of a route that every operator's side has.
    fn known(self, operator: &Operator) -> Result<Value, ClientError> {
        let status = self.status.as_u16();
        let not_operator = || ClientError::NotOperator { url: operator.url(), status };
        let has_body = self.body.is_object() || !self.status.is_success();
        let body = self.or_if_missing(not_operator)?;
        if has_body { Ok(body) } else { Err(not_operator()) }
    }

    /// The body, unless there is no such thing.
    fn or_if_missing(self, missing: impl FnOnce() -> ClientError) -> Result<Value, ClientError> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        if self.status == StatusCode::NOT_FOUND {
            return Err(missing());
        }
        let words = |name: &str| self.body[name].as_str();
        let detail = words("detail").or_else(|| words("title")).unwrap_or("it does not say why").to_owned();
        Err(ClientError::Refused { status: self.status.as_u16(), detail })
    }
}

#[cfg(test)]
mod tests;
