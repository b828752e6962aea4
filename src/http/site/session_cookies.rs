//! The tokens of our own page: in cookies that no script can read, never in a body (docs/decisions/0009).

use std::future::{Ready, ready};

use actix_web::body::MessageBody;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderMap, HeaderValue, ORIGIN, SET_COOKIE};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::account::email::EmailAddress;
use crate::domain::device::token::{Token, TokenKind};
use crate::http::problem::{Problem, ProblemCode};
use crate::http::request::cookies::TokenCookies;

/// Our page sends it with every call. A page of somebody else cannot without our consent: it needs a
/// preflight (Fetch standard section 4.8), and those that are answered, for pages of listed origins, do not allow it.
const PAGE_HEADER: &str = "x-twostep-page";
/// Only the exact host gets such a cookie, only over a secure line or the loopback, whole (RFC 6265bis section 4.1.3.2).
const COOKIE_PREFIX: &str = "__Host-";
/// The server decides how long a token is good; a cookie is kept as long as any token may be (design section 9).
const LONGEST: Duration = Duration::days(180);
/// A code that confirms an address lives a day; no other challenge lives longer.
const LONGEST_CHALLENGE: Duration = Duration::days(1);
/// Accounts of one browser that it is trusted for.
const MAX_TRUSTED_ACCOUNTS: usize = 5;
/// Bytes of the hash that stands for an address in the name of a cookie.
const TAG_BYTES: usize = 8;

/// Stands for an account in cookies: a token of trust is only good for the address that it was given to.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::http) struct AccountTag(String);

impl From<&EmailAddress> for AccountTag {
    fn from(email: &EmailAddress) -> Self {
        Self(hex(&Sha256::digest(email.as_str())[..TAG_BYTES]))
    }
}

impl AccountTag {
    fn parse(text: &str) -> Option<Self> {
        let is_tag = text.len() == 2 * TAG_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_tag.then(|| Self(text.to_owned()))
    }
}

/// Bytes as small hexadecimal digits.
pub(in crate::http) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An answer with tokens that our page must not see.
pub(in crate::http) trait HoldsTokens {
    /// Takes the tokens out of it.
    fn take_tokens(&mut self) -> Vec<(TokenKind, Token)>;
}

/// Who calls: our page, whose tokens are in cookies, or any other client, which carries its own.
pub(in crate::http) struct Caller(Option<Page>);

/// Names of token cookies that came more than once with a request.
struct Doubled(Vec<String>);

/// Our page, proven by its header and by where the browser says that the call comes from.
pub(in crate::http) struct Page {
    cookies: TokenCookies,
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Page::of(request).map(Self))
    }
}

impl Caller {
    /// Whether it is our page.
    pub(in crate::http) fn is_page(&self) -> bool {
        self.0.is_some()
    }

    /// The token of this kind that our page has in a cookie.
    pub(in crate::http) fn token(&self, kind: TokenKind) -> Option<Token> {
        self.0.as_ref()?.token(kind)
    }

    /// The account for which our page has a token of this kind.
    pub(in crate::http) fn account(&self, kind: TokenKind) -> Option<AccountTag> {
        self.0.as_ref()?.pair(kind)?.1
    }

    /// The trust that our page has for this account.
    pub(in crate::http) fn trust_token(&self, account: &AccountTag) -> Option<Token> {
        Token::parse(TokenKind::Trust, self.0.as_ref()?.cookies.get(&trust_name(account))?)
    }

    /// Answers: to our page with the tokens in cookies, to any other client with the tokens in the body.
    pub(in crate::http) fn answer(
        &self,
        mut response: HttpResponseBuilder,
        account: Option<&AccountTag>,
        mut body: impl Serialize + HoldsTokens,
    ) -> HttpResponse {
        response.insert_header(("Cache-Control", "no-store"));
        if let Some(page) = &self.0 {
            for (kind, token) in body.take_tokens() {
                page.keep(&mut response, kind, &token, account);
            }
        }
        response.json(body)
    }

    /// Has our page forget the tokens of these kinds.
    pub(in crate::http) fn forget(&self, response: &mut HttpResponseBuilder, kinds: &[TokenKind]) {
        if self.is_page() {
            for kind in kinds {
                remove(response, &name(*kind));
            }
        }
    }
}

/// Whether a request says that it is our page's. Nothing is allowed to it for that alone.
pub(in crate::http) fn is_of_page(request: &HttpRequest) -> bool {
    request.headers().contains_key(PAGE_HEADER)
}

impl Page {
    /// The page of a request; `None` when another client calls.
    ///
    /// # Errors
    /// [`ProblemCode::Forbidden`] when it says that it is our page and the browser does not.
    pub(in crate::http) fn of(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        if !is_of_page(request) {
            return Ok(None);
        }
        if !is_same_origin(request.headers()) {
            return Err(Problem::new(ProblemCode::Forbidden, "Only the gateway's own page may call like this."));
        }
        let cookies = TokenCookies::of(request.headers());
        let doubled: Vec<String> = cookies.doubled().map(str::to_owned).collect();
        if !doubled.is_empty() {
            request.extensions_mut().insert(Doubled(doubled));
        }
        Ok(Some(Self { cookies }))
    }

    /// The token of this kind that it has in a cookie.
    pub(in crate::http) fn token(&self, kind: TokenKind) -> Option<Token> {
        Some(self.pair(kind)?.0)
    }

    fn pair(&self, kind: TokenKind) -> Option<(Token, Option<AccountTag>)> {
        let value = self.cookies.get(&name(kind))?;
        let (token, account) = value.split_once('.').unwrap_or((value, ""));
        Some((Token::parse(kind, token)?, AccountTag::parse(account)))
    }

    fn keep(&self, response: &mut HttpResponseBuilder, kind: TokenKind, token: &Token, account: Option<&AccountTag>) {
        match (kind, account) {
            (TokenKind::Trust, Some(account)) => self.keep_trust(response, token, account),
            // A device that does not know for whom it is trusted is verified anew the next time.
            (TokenKind::Trust, None) => {}
            (_, account) => {
                let tag = account.map(|account| format!(".{}", account.0)).unwrap_or_default();
                let lifetime = if kind == TokenKind::Challenge { LONGEST_CHALLENGE } else { LONGEST };
                set(response, &name(kind), format!("{}{tag}", token.expose()), lifetime);
            }
        }
    }

    fn keep_trust(&self, response: &mut HttpResponseBuilder, token: &Token, account: &AccountTag) {
        let own = trust_name(account);
        let prefix = name(TokenKind::Trust);
        let others: Vec<&str> =
            self.cookies.names().filter(|found| found.starts_with(&prefix) && *found != own).collect();
        for beyond in others.iter().take((others.len() + 1).saturating_sub(MAX_TRUSTED_ACCOUNTS)) {
            remove(response, beyond);
        }
        set(response, &own, token.expose().to_owned(), LONGEST);
    }
}

/// Has the browser forget token cookies of names that came more than once. What the answer itself sets of them stays.
///
/// # Errors
/// Those of what it wraps.
pub(in crate::http) async fn clear_doubled(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut answer = next.call(request).await?;
    let doubled = answer.request().extensions_mut().remove::<Doubled>();
    for name in doubled.map(|Doubled(names)| names).unwrap_or_default() {
        let is_set = answer.response().cookies().any(|cookie| cookie.name() == name);
        if !is_set {
            let removal = cookie(&name, String::new(), Duration::ZERO).to_string();
            if let Ok(removal) = HeaderValue::from_str(&removal) {
                answer.headers_mut().append(SET_COOKIE, removal);
            }
        }
    }
    Ok(answer)
}

/// What the browser says about where a call comes from (Fetch Metadata; `Origin` of RFC 6454 where there is none).
pub(in crate::http) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |value: Option<&actix_web::http::header::HeaderValue>| {
        value.map(|value| value.to_str().unwrap_or_default().to_ascii_lowercase())
    };
    if let Some(site) = text(headers.get("sec-fetch-site")) {
        return site == "same-origin";
    }
    let (Some(origin), Some(host)) = (text(headers.get(ORIGIN)), text(headers.get(HOST))) else { return false };
    origin.split_once("://").is_some_and(|(_, authority)| authority == host)
}

fn name(kind: TokenKind) -> String {
    format!("{COOKIE_PREFIX}{}", kind.as_str().trim_end_matches('_'))
}

fn trust_name(account: &AccountTag) -> String {
    format!("{}_{}", name(TokenKind::Trust), account.0)
}

fn set(response: &mut HttpResponseBuilder, name: &str, value: String, lifetime: Duration) {
    response.cookie(cookie(name, value, lifetime));
}

fn cookie(name: &str, value: String, lifetime: Duration) -> Cookie<'_> {
    let cookie = Cookie::build(name, value).path("/").secure(true).http_only(true).same_site(SameSite::Strict);
    cookie.max_age(lifetime).finish()
}

fn remove(response: &mut HttpResponseBuilder, name: &str) {
    set(response, name, String::new(), Duration::ZERO);
}
