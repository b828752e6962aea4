//! `/dev/outbox`: the mail that would have been sent. In development only.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use super::Api;
use super::docs::frame;
use super::web::{file, html};
use crate::delivery::mail::{OutboxMessage, escaped};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(file("/dev/outbox", web::get().to(page))).route("/dev/outbox.json", web::get().to(list));
}

#[derive(Serialize)]
struct OutboxAnswer {
    /// Newest first.
    messages: Vec<OutboxMessage>,
}

async fn list(api: Data<Api>) -> impl Responder {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(OutboxAnswer { messages: messages(&api) })
}

async fn page(api: Data<Api>, request: HttpRequest) -> impl Responder {
    let messages: String = messages(&api).iter().map(article).collect();
    let body = if messages.is_empty() {
        "<p class=\"empty\">Nothing yet. Create an account.</p>".to_owned()
    } else {
        messages
    };
    html(&request, &frame("Mail outbox", &body))
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
