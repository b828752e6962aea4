//! `/docs`: the OpenAPI document for people. A page of our own: another's viewer would run on the address that holds the cookies of the
//! Login Security page.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Responder};
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;
use serde_json::Value;

use super::openapi;
use crate::http::problem::ProblemCode;
use crate::http::resource;
use crate::http::site::assets as pages;
use crate::http::site::assets::address;
use crate::http::site::static_response::Fixed;
use crate::providers::mail::escaped;

/// Where calls of the examples go.
const EXAMPLE_HOST: &str = "https://id.example.com";

pub(in crate::http) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/docs", "GET").route(web::get().to(show)));
}

async fn show(request: HttpRequest) -> impl Responder {
    static PAGE: LazyLock<Fixed> = LazyLock::new(|| pages::page(page()));
    pages::guarded(PAGE.answer(&request))
}

/// The calls of one tag.
#[derive(Serialize)]
struct Group {
    name: String,
    about: String,
    calls: Vec<Call>,
}

#[derive(Serialize)]
struct Call {
    id: String,
    method: String,
    path: String,
    about: String,
    /// What it is sent with, if not by anybody.
    token: Option<String>,
    parameters: Vec<Field>,
    body: Option<Shape>,
    /// A curl command.
    request: String,
    answers: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    status: String,
    about: String,
    shape: Option<String>,
    /// Of what succeeds.
    example: Option<String>,
}

/// A schema of the document.
#[derive(Serialize)]
struct Shape {
    name: String,
    about: String,
    fields: Vec<Field>,
    words: Vec<String>,
    one_of: Vec<String>,
}

#[derive(Serialize)]
struct Field {
    name: String,
    about_type: Kind,
    required: bool,
    text: String,
}

/// The type of a field: a word, or the name of a shape.
#[derive(Serialize)]
struct Kind {
    word: String,
    link: Option<String>,
    is_list: bool,
}

/// A part of a text.
#[derive(Serialize)]
struct Part<'a> {
    is_code: bool,
    text: &'a str,
}

fn page() -> String {
    let document = serde_json::to_value(openapi::document()).expect("the document has string keys");
    let schemas = object(&document["components"]["schemas"]);
    let shapes: BTreeMap<&str, Shape> = schemas.map(|(name, schema)| (name.as_str(), shape(name, schema))).collect();
    let problems: Vec<_> = ProblemCode::ALL
        .iter()
        .map(|code| context! { code => code.as_str(), status => code.status().as_u16(), title => code.title() })
        .collect();
    let problem = &document["paths"]["/v1/challenges/{id}/verify"]["post"]["responses"]["422"];
    let filling = context! {
        groups => groups(&document), shapes => shapes.values().collect::<Vec<_>>(), problems,
        problem => answer("422", problem).example, about => text(&document["info"]["description"]),
        style => address("style.css"), docs_style => address("docs.css"), icon => address("icon.svg"), script => address("docs.js"),
    };
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    // Slashes stay as they are, for readers of the source.
    templates.set_formatter(|out, _, value| {
        let text = value.to_string();
        out.write_str(&if value.is_safe() { text } else { escaped(&text) }).map_err(Into::into)
    });
    templates.add_filter("split_code", |text: String| minijinja::Value::from_serialize(split_code(&text)));
    templates
        .render_str(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/docs.html")), filling)
        .expect("a test fills it")
}

/// The calls by tag, both in the document's order.
fn groups(document: &Value) -> Vec<Group> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let group = |tag: &Value| {
        let calls = object(&document["paths"]).flat_map(|(path, calls)| {
            object(calls)
                .map(move |(method, call)| (path, method, call))
                .filter(|(.., call)| call["tags"][0] == tag["name"])
        });
        let calls = calls.map(|(path, method, one)| call(document, path, &method.to_uppercase(), one)).collect();
        Group { name: text(&tag["name"]), about: text(&tag["description"]), calls }
    };
    tags.map(group).collect()
}

fn call(document: &Value, path: &str, method: &str, call: &Value) -> Call {
    let scheme = call["security"][0].as_object().and_then(|schemes| schemes.keys().next());
    let token = scheme.map(|name| text(&document["components"]["securitySchemes"][name]["description"]));
    let content = &call["requestBody"]["content"]["application/json"];
    let body = reference(&content["schema"]).map(|name| shape(&name, &document["components"]["schemas"][&name]));
    let parameters = call["parameters"].as_array().into_iter().flatten().map(|parameter| Field {
        name: text(&parameter["name"]),
        about_type: kind(&parameter["schema"]),
        required: parameter["required"] == true,
        text: text(&parameter["description"]),
    });
    Call {
        id: text(&call["operationId"]),
        method: method.to_owned(),
        path: path.to_owned(),
        about: [text(&call["summary"]), text(&call["description"])].join(" "),
        request: request(path, method, scheme.map(String::as_str), call),
        token,
        parameters: parameters.collect(),
        body,
        answers: object(&call["responses"]).map(|(status, one)| answer(status, one)).collect(),
    }
}

/// The call as a command.
fn request(path: &str, method: &str, scheme: Option<&str>, call: &Value) -> String {
    let path = path.replace("{id}", "01932f5e-9b1c-7d42-8a6f-0e9d8c7b6a51").replace("{subject}", "customer-4711");
    let path = path.replace("{device}", "01932f5e-7a60-7c11-9d3e-3f1b2a4c5d6e");
    let mut lines = vec![format!("curl -X {method} {EXAMPLE_HOST}{path}")];
    let prefix = match scheme {
        Some("session") => Some("ts_at_…"),
        Some("challenge_token") => Some("ts_ct_…"),
        Some("api_key") => Some("ts_ak_…"),
        _ => None,
    };
    lines.extend(prefix.map(|token| format!("-H 'Authorization: Bearer {token}'")));
    let parameters = call["parameters"].as_array().into_iter().flatten();
    if parameters.clone().any(|parameter| parameter["name"] == "Idempotency-Key") {
        lines.push("-H \"Idempotency-Key: $(uuidgen)\"".to_owned());
    }
    if let Some(example) = pretty(&call["requestBody"]["content"]["application/json"]["example"]) {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        lines.push(format!("-d '{example}'"));
    }
    lines.join(" \\\n  ")
}

fn answer(status: &str, answer: &Value) -> Answer {
    let content = object(&answer["content"]).next().map(|(_, content)| content);
    Answer {
        status: status.to_owned(),
        about: text(&answer["description"]),
        shape: content.and_then(|content| reference(&content["schema"])),
        // Those of refusals are all alike.
        example: content.and_then(|content| pretty(&content["example"])).filter(|_| status < "400" || status == "422"),
    }
}

fn shape(name: &str, schema: &Value) -> Shape {
    let required = schema["required"].as_array().into_iter().flatten();
    let required: Vec<&str> = required.filter_map(Value::as_str).collect();
    let fields = object(&schema["properties"]).map(|(name, field)| Field {
        name: name.clone(),
        about_type: kind(field),
        required: required.contains(&name.as_str()),
        // Of what may be null, the part that is not has the text.
        text: text(if field["description"].is_null() {
            &field["oneOf"][0]["description"]
        } else {
            &field["description"]
        }),
    });
    let words = schema["enum"].as_array().into_iter().flatten();
    let one_of = schema["oneOf"].as_array().into_iter().flatten();
    Shape {
        name: name.to_owned(),
        about: text(&schema["description"]),
        fields: fields.collect(),
        words: words.map(text).collect(),
        one_of: one_of.filter_map(reference).collect(),
    }
}

fn kind(schema: &Value) -> Kind {
    let is_list = !schema["items"].is_null();
    let link = reference(if is_list { &schema["items"] } else { schema });
    let types: Vec<String> = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).filter(|word| word != "null").collect(),
        word => vec![text(word)],
    };
    let mut word = types.join(" or ");
    if let Some(format) = schema["format"].as_str() {
        word = format!("{word} ({format})");
    }
    if let Some([only]) = schema["enum"].as_array().map(Vec::as_slice) {
        word = format!("`{}`", text(only));
    }
    Kind { word, link, is_list }
}

/// The name of the shape that a schema refers to, or may.
fn reference(schema: &Value) -> Option<String> {
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    let references = std::iter::once(schema).chain(alternatives).find_map(|schema| schema["$ref"].as_str());
    references?.rsplit('/').next().map(str::to_owned)
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pretty(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| serde_json::to_string_pretty(value).expect("it is JSON"))
}

/// What stands between backticks is code.
fn split_code(text: &str) -> Vec<Part<'_>> {
    let parts = text.split('`').enumerate();
    parts.map(|(at, text)| Part { is_code: at % 2 == 1, text }).collect()
}
