//! The operator's side of a gateway, as a client sees it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};
use uuid::Uuid;

/// A gateway that says nothing for this long does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a command was not carried out. Each text is one line that says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Nobody said where the gateway is.
    #[error("no gateway is named: use --url, for instance --url http://127.0.0.1:9090")]
    NoAddress,
    /// What was named is no address of a gateway.
    #[error("{0:?} is no address of a gateway: use one such as http://127.0.0.1:9090")]
    Url(String),
    /// The configuration leaves the port to the system.
    #[error(
        "operator.address leaves the port to the system: name the gateway with --url; its log says where it listens"
    )]
    AnyPort,
    /// Nothing answers there.
    #[error(
        "{url} does not answer ({why}): start the gateway, or name the operator's address of a running one with --url"
    )]
    Away {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
    /// What answers there is no operator's side, or that of an older gateway.
    #[error(
        "{url} does not know the rollout ({status}): name the operator's address with --url, not the public one, and update the gateway if it is older than this program"
    )]
    NotOperator {
        /// Where.
        url: String,
        /// What it answered.
        status: u16,
    },
    /// No account has the address.
    #[error(
        "no account has the address {0}, or its owner has not confirmed it yet: check the spelling. No list was changed"
    )]
    UnknownAddress(String),
    /// No account has the id.
    #[error("there is no account with the id {0}: accounts named before it are done; name the ones after it again")]
    UnknownId(String),
    /// The gateway refused.
    #[error("the gateway refused ({status}): {detail}")]
    Refused {
        /// What it answered.
        status: u16,
        /// In its words.
        detail: String,
    },
    /// The answer cannot be printed.
    #[error("the answer cannot be printed: {0}")]
    Output(std::io::Error),
}

/// An account, as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Email(String),
    Id(Uuid),
}

impl FromStr for Who {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('@') {
            return Ok(Self::Email(text.to_owned()));
        }
        text.parse().map(Self::Id).map_err(|_| "is neither an address nor the id of an account")
    }
}

pub(super) struct Operator {
    base: Url,
    http: reqwest::Client,
}

impl Operator {
    pub(super) fn new(url: &str) -> Result<Self, CommandError> {
        let no_url = || CommandError::Url(url.to_owned());
        let base = Url::parse(url).map_err(|_| no_url())?;
        if !matches!(base.scheme(), "http" | "https") || base.query().is_some() || base.fragment().is_some() {
            return Err(no_url());
        }
        // A second call finds the provider installed; it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The operator's side is near: no proxy for the world outside stands between.
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().map_err(|_| no_url())?;
        Ok(Self { base, http })
    }

    /// The one that listens on this machine. One that listens on every address is asked on this machine's own.
    pub(super) fn at(mut address: SocketAddr) -> Result<Self, CommandError> {
        if address.port() == 0 {
            return Err(CommandError::AnyPort);
        }
        if address.ip().is_unspecified() {
            let is_v4 = address.is_ipv4();
            address.set_ip(if is_v4 { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) });
        }
        Self::new(&format!("http://{address}"))
    }

    pub(super) async fn state(&self) -> Result<Value, CommandError> {
        self.call(Method::GET, "admin/rollout", &[], None).await?.known(self)
    }

    pub(super) async fn set(&self, change: Value) -> Result<Value, CommandError> {
        self.call(Method::PUT, "admin/rollout", &[], Some(change)).await?.known(self)
    }

    /// Every account on a list.
    pub(super) async fn listed(&self) -> Result<Vec<Value>, CommandError> {
        let mut accounts = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let query: Vec<_> = after.iter().map(|id| ("after", id.as_str())).collect();
            let page = self.call(Method::GET, "admin/rollout/accounts", &query, None).await?.known(self)?;
            accounts.extend(page["accounts"].as_array().cloned().unwrap_or_default());
            let Some(next) = page["next"].as_str() else { return Ok(accounts) };
            after = Some(next.to_owned());
        }
    }

    /// The ids of accounts; all of them, or none.
    pub(super) async fn ids(&self, accounts: &[Who]) -> Result<Vec<String>, CommandError> {
        // Whoever does not know the rollout would not know the addresses either, and be misunderstood.
        self.state().await?;
        let mut ids = Vec::new();
        for account in accounts {
            ids.push(match account {
                Who::Id(id) => id.to_string(),
                Who::Email(email) => self.id_of(email).await?,
            });
        }
        Ok(ids)
    }

    async fn id_of(&self, email: &str) -> Result<String, CommandError> {
        let answer = self.call(Method::GET, "admin/accounts", &[("email", email)], None).await?;
        let found = answer.or_if_missing(|| CommandError::UnknownAddress(email.to_owned()))?;
        found["id"].as_str().map(str::to_owned).ok_or_else(|| CommandError::UnknownAddress(email.to_owned()))
    }

    pub(super) async fn list(&self, id: &str, list: &str) -> Result<Value, CommandError> {
        let answer = self.call(Method::PUT, &account(id), &[], Some(json!({ "listed": list }))).await?;
        answer.or_if_missing(|| CommandError::UnknownId(id.to_owned()))
    }

    pub(super) async fn unlist(&self, id: &str) -> Result<(), CommandError> {
        let answer = self.call(Method::DELETE, &account(id), &[], None).await?;
        answer.or_if_missing(|| CommandError::UnknownId(id.to_owned())).map(|_| ())
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Answered, CommandError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let away = |error: &reqwest::Error| CommandError::Away { url: self.url(), why: cause(error) };
        let response = request.send().await.map_err(|error| away(&error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| away(&error))?;
        Ok(Answered { status, body: serde_json::from_str(&text).unwrap_or_default() })
    }

    fn url(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }
}

fn account(id: &str) -> String {
    format!("admin/rollout/accounts/{id}")
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
    fn known(self, operator: &Operator) -> Result<Value, CommandError> {
        let status = self.status.as_u16();
        let not_operator = || CommandError::NotOperator { url: operator.url(), status };
        let has_body = self.body.is_object() || !self.status.is_success();
        let body = self.or_if_missing(not_operator)?;
        if has_body { Ok(body) } else { Err(not_operator()) }
    }

    /// The body, unless there is no such thing.
    fn or_if_missing(self, missing: impl FnOnce() -> CommandError) -> Result<Value, CommandError> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        if self.status == StatusCode::NOT_FOUND {
            return Err(missing());
        }
        let words = |name: &str| self.body[name].as_str();
        let detail = words("detail").or_else(|| words("title")).unwrap_or("it does not say why").to_owned();
        Err(CommandError::Refused { status: self.status.as_u16(), detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_by_its_address_or_its_id() {
        let id = Uuid::from_u128(7);
        assert_eq!("anna@example.com".parse(), Ok(Who::Email("anna@example.com".to_owned())));
        assert_eq!(id.to_string().parse(), Ok(Who::Id(id)));
        assert!("anna".parse::<Who>().is_err());
    }

    #[test]
    fn one_that_listens_everywhere_is_asked_on_this_machine() {
        let url = |address: &str| Operator::at(address.parse().expect("an address")).map(|operator| operator.url());
        assert_eq!(url("0.0.0.0:9090").expect("an address"), "http://127.0.0.1:9090");
        assert_eq!(url("[::]:9090").expect("an address"), "http://[::1]:9090");
        assert_eq!(url("192.0.2.1:9090").expect("an address"), "http://192.0.2.1:9090");
        assert!(matches!(url("127.0.0.1:0"), Err(CommandError::AnyPort)));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in ["", "gateway:9090", "ftp://gateway", "http://"] {
            assert!(matches!(Operator::new(url), Err(CommandError::Url(_))), "{url}");
        }
    }
}
