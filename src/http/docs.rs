//! `/docs`: the OpenAPI document for people, without scripts.

use std::sync::LazyLock;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Responder};
use serde_json::Value;

use super::fixed::Fixed;
use super::openapi;
use super::problem::ProblemCode;
use super::resource;
use super::web::{self as pages, address};
use crate::delivery::mail::escaped;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/docs", "GET").route(web::get().to(show)));
}

async fn show(request: HttpRequest) -> impl Responder {
    static PAGE: LazyLock<Fixed> = LazyLock::new(|| pages::page(page()));
    pages::guarded(PAGE.answer(&request))
}

/// The frame that our pages without scripts share.
pub(super) fn frame(title: &str, body: &str) -> String {
    let (title, style, icon) = (escaped(title), address("style.css"), address("icon.svg"));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"icon\" href=\"{icon}\"><link rel=\"stylesheet\" href=\"{style}\"></head>\
         <body><a class=\"skip\" href=\"#main\">Skip to the content</a><header class=\"bar\"><a class=\"brand\" href=\"/\"><img src=\"{icon}\" alt=\"\" width=\"28\" height=\"28\">Twostep</a></header>\
         <main class=\"page document\" id=\"main\" tabindex=\"-1\"><h1>{title}</h1>\n{body}</main></body></html>\n"
    )
}

fn page() -> String {
    let document = serde_json::to_value(openapi::document()).unwrap_or_default();
    let empty = serde_json::Map::new();
    let paths = document["paths"].as_object().unwrap_or(&empty);
    let calls: String = paths
        .iter()
        .flat_map(|(path, calls)| {
            calls.as_object().into_iter().flatten().map(move |(method, call)| section(path, method, call))
        })
        .collect();
    let schemas: String = document["components"]["schemas"]
        .as_object()
        .unwrap_or(&empty)
        .iter()
        .map(|(name, schema)| schema_section(name, schema))
        .collect();
    let problems: String = ProblemCode::ALL
        .iter()
        .map(|code| format!("<tr id=\"problem-{code}\"><td><code>{code}</code></td><td>{}</td></tr>", code.status()))
        .collect();
    let body = format!(
        "<p>{}</p><p>The same for programs: <a href=\"/v1/openapi.json\">/v1/openapi.json</a></p>{calls}\
         <h2>Problems</h2><table>{problems}</table><h2>Shapes</h2>{schemas}",
        text(&document["info"]["description"])
    );
    frame("Twostep API", &body)
}

fn section(path: &str, method: &str, call: &Value) -> String {
    let empty = serde_json::Map::new();
    let answers: String = call["responses"]
        .as_object()
        .unwrap_or(&empty)
        .iter()
        .map(|(status, answer)| {
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(status),
                text(&answer["description"]),
                schema_link(answer)
            )
        })
        .collect();
    let body = schema_link(&call["requestBody"]);
    let body = if body.is_empty() { String::new() } else { format!("<p>Body: {body}</p>") };
    let summary = [text(&call["summary"]), text(&call["description"])].join(" ");
    format!(
        "<section><h2><code>{} {}</code></h2><p>{summary}</p>{body}<table>{answers}</table></section>\n",
        method.to_uppercase(),
        escaped(path)
    )
}

/// A link to the shape of a body, if it has one.
fn schema_link(part: &Value) -> String {
    let content = part["content"].as_object().into_iter().flatten().next();
    let reference = content.and_then(|(_, media)| media["schema"]["$ref"].as_str());
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    name.map(|name| format!("<a href=\"#{0}\">{0}</a>", escaped(name))).unwrap_or_default()
}

fn schema_section(name: &str, schema: &Value) -> String {
    let pretty = serde_json::to_string_pretty(schema).unwrap_or_default();
    format!("<article id=\"{0}\"><h3>{0}</h3><pre>{1}</pre></article>\n", escaped(name), escaped(&pretty))
}

/// A text, with what stands between backticks as code.
fn text(value: &Value) -> String {
    let parts = value.as_str().unwrap_or_default().split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) })
        .collect()
}
