//! What is inside a sealed push: JSON that an app, or the worker of a page, reads once it has opened the envelope.

use secrecy::ExposeSecret;
use serde::Serialize;

use super::{Push, PushContent};
use crate::domain::value::moment;

/// By which a browser knows a Declarative Web Push (<https://www.w3.org/TR/push-api/>, the number of RFC 8030).
const DECLARATIVE: u16 = 8030;

/// What is said of a push.
#[derive(Serialize)]
struct Inside<'a> {
    #[serde(flatten)]
    facts: &'a Facts<'a>,
    #[serde(flatten)]
    declarative: Option<Declarative<'a>>,
}

#[derive(Serialize)]
struct Facts<'a> {
    r#type: &'static str,
    account_tag: &'a str,
    /// Of everything but an alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_id: Option<&'a str>,
    /// Of an alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_id: Option<&'a str>,
    /// Of an alert: what it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    generation: u32,
    expires_at: String,
    /// The language of the texts.
    language: &'static str,
    title: &'a str,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a str>,
    #[serde(flatten)]
    code: Option<CodeInside<'a>>,
}

/// The code, and who asks for it.
#[derive(Serialize)]
struct CodeInside<'a> {
    code: &'a str,
    requester: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
    requested_at: String,
}

/// What a browser shows by itself where no worker of the page does (iOS).
#[derive(Serialize)]
struct Declarative<'a> {
    web_push: u16,
    /// A worker may show something else instead.
    mutable: bool,
    notification: Notification<'a>,
}

#[derive(Serialize)]
struct Notification<'a> {
    title: &'a str,
    body: &'a str,
    lang: &'static str,
    /// A notification with the tag of a shown one takes its place.
    tag: &'a str,
    silent: bool,
    /// Where a tap leads.
    navigate: &'a str,
    /// Safari's worker sees the notification only.
    data: &'a Facts<'a>,
}

/// Writes it. With `page`, the address of the Login Security page, also as a browser shows it by itself.
pub(super) fn inside(push: &Push, page: Option<&str>) -> Vec<u8> {
    let subject_id = push.subject_id.hyphenated().to_string();
    let kind = push.content.alert_kind();
    let (title, body) = texts(&push.content);
    let language = push.language.as_str();
    let facts = &Facts {
        r#type: push.content.word(),
        account_tag: push.account.as_str(),
        challenge_id: kind.is_none().then_some(&subject_id),
        alert_id: kind.is_some().then_some(&subject_id),
        kind,
        generation: push.generation,
        expires_at: moment::text(push.expires_at),
        language,
        title,
        body,
        receipt: push.receipt.as_ref().map(ExposeSecret::expose_secret),
        code: code(&push.content),
    };
    let silent = !push.content.is_urgent();
    let notification =
        |navigate| Notification { title, body, lang: language, tag: &subject_id, silent, navigate, data: facts };
    let declare = |page| Declarative { web_push: DECLARATIVE, mutable: true, notification: notification(page) };
    let inside = Inside { facts, declarative: page.map(declare) };
    serde_json::to_vec(&inside).expect("texts and numbers are JSON")
}

/// What is read once it is open.
fn texts(content: &PushContent) -> (&str, &str) {
    match content {
        PushContent::Sealed { code, .. } => (&code.title, &code.body),
        PushContent::Code { title, body, .. }
        | PushContent::Wake { title, body }
        | PushContent::Pending { title, body }
        | PushContent::Withdraw { title, body }
        | PushContent::Alert { title, body, .. } => (title, body),
        // Nobody reads it: browsers are not asked.
        PushContent::Drill => ("", ""),
    }
}

fn code(content: &PushContent) -> Option<CodeInside<'_>> {
    let PushContent::Sealed { code, .. } = content else { return None };
    Some(CodeInside {
        code: code.code.expose_secret(),
        requester: &code.requester,
        location: code.location.as_deref(),
        requested_at: moment::text(code.requested_at),
    })
}
