//! An example of every body and answer of the OpenAPI document. Its linter holds each to its schema (`make lint-api`).

use serde_json::{Map, Value, json};
use utoipa::Modify;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, RefOr};

use crate::http::problem::ProblemCode;

/// By name of a schema, or by that and the status of an answer. A text `@Name` stands for the example of that name.
const EXAMPLES: &str = include_str!("examples.json");

/// Adds the examples.
pub(in crate::http) struct Examples;

impl Modify for Examples {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let examples = serde_json::from_str(EXAMPLES).expect("it is part of the program");
        for path in document.paths.paths.values_mut() {
            let calls = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
            for call in calls.into_iter().flatten() {
                add_to(call, &examples);
            }
        }
    }
}

fn add_to(call: &mut Operation, examples: &Map<String, Value>) {
    if let Some(body) = call.request_body.as_mut().and_then(written_out) {
        for content in body.content.values_mut().filter_map(written_out) {
            content.example = schema_of(content).and_then(|name| example(examples, &name, ""));
        }
    }
    for (status, answer) in &mut call.responses.responses {
        let Some(answer) = written_out(answer) else { continue };
        for (kind, content) in &mut answer.content {
            let Some(content) = written_out(content) else { continue };
            let Some(name) = schema_of(content) else { continue };
            content.example = match kind.as_str() {
                "application/problem+json" => problem(&answer.description),
                // An event has lines of its own around its JSON.
                "text/event-stream" => None,
                _ => example(examples, &name, status),
            };
        }
    }
}

/// What stands in the document itself, as all does.
fn written_out<T>(part: &mut RefOr<T>) -> Option<&mut T> {
    match part {
        RefOr::T(part) => Some(part),
        RefOr::Ref(_) => None,
    }
}

/// The name of a schema that a body refers to; also of one that may be left out.
fn schema_of(content: &Content) -> Option<String> {
    let schema = serde_json::to_value(content.schema.as_ref()?).ok()?;
    let reference = [&schema["$ref"], &schema["oneOf"][0]["$ref"], &schema["oneOf"][1]["$ref"]];
    let reference = reference.into_iter().find_map(Value::as_str)?;
    reference.rsplit('/').next().map(str::to_owned)
}

fn example(examples: &Map<String, Value>, name: &str, status: &str) -> Option<Value> {
    let found = examples.get(&format!("{name} {status}")).or_else(|| examples.get(name))?;
    Some(filled(found, examples))
}

fn filled(value: &Value, examples: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('@') {
            Some(name) => filled(&examples[name], examples),
            None => value.clone(),
        },
        Value::Array(all) => all.iter().map(|one| filled(one, examples)).collect(),
        Value::Object(all) => all.iter().map(|(key, one)| (key.clone(), filled(one, examples))).collect(),
        _ => value.clone(),
    }
}

/// The first problem that an answer is said to be.
fn problem(description: &str) -> Option<Value> {
    let named = description.split('`').nth(1)?;
    let code = ProblemCode::ALL.iter().find(|code| code.as_str() == named)?;
    let detail = format!("{}.", code.title());
    let status = code.status().as_u16();
    let mut body = json!({ "type": format!("/docs#problem-{code}"), "title": code.title(), "status": status, "detail": detail, "code": named });
    match code {
        ProblemCode::WrongCode => body["attempts_left"] = json!(4),
        ProblemCode::ResendTooSoon | ProblemCode::TooManyRequests => body["retry_after"] = json!(30),
        _ => {}
    }
    Some(body)
}
