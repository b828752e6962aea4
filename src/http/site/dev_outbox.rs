//! `/dev/outbox`: the mail that would have been sent. In development only.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use crate::http::middleware::host;
use crate::http::problem::{Problem, ProblemCode};
use crate::http::request::client::client_of;
use crate::http::site::assets::{address, html};
use crate::http::{Api, resource};
use crate::providers::mail::{OutboxMessage, escaped};

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/dev/outbox", "GET").route(web::get().to(page)))
        .service(resource("/dev/outbox.json", "GET").route(web::get().to(list)));
}

/// What reverse proxies say whom they speak for with: whose request has passed one is not known to be at this machine, whatever it says.
const FORWARDED: [&str; 6] =
    ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"];

/// Somebody at this machine: mail holds codes, and a gateway in development may listen to the whole network by mistake, or be shown to
/// it by a proxy or a tunnel.
struct AtThisMachine;

impl FromRequest for AtThisMachine {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_here = client_of(request).is_some_and(|client| client.is_this_machine);
        let is_direct = !FORWARDED.iter().any(|name| request.headers().contains_key(*name));
        ready(if is_here && is_direct && host::is_known(request, &[]) {
            Ok(Self)
        } else {
            let detail = "The outbox is shown on the gateway's own machine only, at an IP address or localhost, and not through a proxy.";
            Err(Problem::new(ProblemCode::Forbidden, detail))
        })
    }
}

#[derive(Serialize)]
struct OutboxAnswer {
    /// Newest first.
    messages: Vec<OutboxMessage>,
}

async fn list(api: Data<Api>, _: AtThisMachine) -> impl Responder {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(OutboxAnswer { messages: messages(&api) })
}

async fn page(api: Data<Api>, _: AtThisMachine) -> impl Responder {
    let messages: String = messages(&api).iter().map(article).collect();
    let body = if messages.is_empty() {
        "<p class=\"empty\">Nothing yet. Create an account.</p>".to_owned()
    } else {
        messages
    };
    html(frame("Mail outbox", &body))
}

fn messages(api: &Api) -> Vec<OutboxMessage> {
    api.outbox.as_ref().map(|outbox| outbox.messages()).unwrap_or_default()
}

fn article(message: &OutboxMessage) -> String {
    format!(
        "<article class=\"card\"><h2>{}</h2><p>To {} at {}</p><pre>{}</pre></article>\n",
        escaped(&message.subject),
        escaped(&message.to),
        message.at,
        escaped(&message.text)
    )
}

/// A page without scripts.
fn frame(title: &str, body: &str) -> String {
    let [style, document, icon] = ["style.css", "docs.css", "icon.svg"].map(address);
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"icon\" href=\"{icon}\"><link rel=\"stylesheet\" href=\"{style}\"><link rel=\"stylesheet\" href=\"{document}\"></head>\
         <body><a class=\"skip\" href=\"#main\">Skip to the content</a><header class=\"bar\"><a class=\"brand\" href=\"/\"><img src=\"{icon}\" alt=\"\" width=\"28\" height=\"28\">Twostep</a></header>\
         <main class=\"page document\" id=\"main\" tabindex=\"-1\"><h1>{title}</h1>\n{body}</main></body></html>\n"
    )
}
