//! Checks a body as the v1 API does.

use serde_json::{Map, Value};

use super::schema::{Kind, SEND_REQUEST, Schema};

/// Most bytes of keys and values of data and notification together.
const MAX_PAYLOAD_BYTES: usize = 4096;
/// Four weeks.
const MAX_TTL_SECONDS: f64 = 2_419_200.0;

/// What is wrong, in the form of `google.rpc.BadRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// Path of the field.
    pub(super) field: String,
    /// What is wrong with it.
    pub(super) description: String,
}

fn violation(field: &str, description: impl Into<String>) -> Violation {
    Violation { field: field.to_owned(), description: description.into() }
}

/// Checks a body and finds its target.
pub(super) fn check(body: &Value) -> Result<String, Violation> {
    check_schema("", body, SEND_REQUEST)?;
    let message = body.get("message").and_then(Value::as_object);
    let message = message.ok_or_else(|| violation("message", "Required."))?;
    if has(message, "android") && has(message, "android_v2") {
        return Err(violation("message", "Only one of android and android_v2 may be set."));
    }
    check_ttl(message)?;
    check_data(message)?;
    check_size(message)?;
    check_target(message)
}

/// The target of a message, as far as there is one; for scripts and records, whatever else is wrong.
pub(super) fn target_of(body: &Value) -> Option<&str> {
    let message = body.get("message")?;
    let named = |name| message.get(name).and_then(Value::as_str);
    named("token").or_else(|| named("fid"))
}

fn check_target(message: &Map<String, Value>) -> Result<String, Violation> {
    let targets = ["token", "fid", "topic", "condition"];
    let given: Vec<_> = targets.iter().filter(|name| message.contains_key(**name)).collect();
    match given.as_slice() {
        [name] => {
            let value = message.get(**name).and_then(Value::as_str).unwrap_or_default();
            if value.is_empty() {
                return Err(violation(&format!("message.{name}"), "Must not be empty."));
            }
            Ok(value.to_owned())
        }
        _ => Err(violation("message", "Exactly one of token, fid, topic or condition is required.")),
    }
}

fn check_schema(path: &str, value: &Value, schema: &Schema) -> Result<(), Violation> {
    let Some(object) = value.as_object() else {
        return Err(violation(path, "Not an object."));
    };
    for (key, value) in object {
        let name = snake_case(key);
        let Some((_, kind)) = schema.iter().find(|(field, _)| *field == name) else {
            let text = format!("Invalid JSON payload received. Unknown name \"{key}\" at '{path}': Cannot find field.");
            return Err(violation(path, text));
        };
        let path = match path {
            "" => name,
            path => format!("{path}.{name}"),
        };
        check_kind(&path, value, *kind)?;
    }
    Ok(())
}

fn check_kind(path: &str, value: &Value, kind: Kind) -> Result<(), Violation> {
    let holds = match kind {
        Kind::Of(schema) => return check_schema(path, value, schema),
        Kind::Text => value.is_string(),
        Kind::Flag => value.is_boolean(),
        Kind::Whole => value.is_i64(),
        Kind::Number => value.is_number(),
        Kind::List => value.is_array(),
        Kind::Free => value.is_object(),
        Kind::TextMap => value.as_object().is_some_and(|map| map.values().all(Value::is_string)),
        Kind::Seconds => seconds(value).is_some(),
        Kind::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
    };
    match holds {
        true => Ok(()),
        false => Err(violation(path, format!("Invalid value at '{path}'."))),
    }
}

fn check_ttl(message: &Map<String, Value>) -> Result<(), Violation> {
    let ttl = message.get("android").and_then(|android| android.get("ttl"));
    match ttl.and_then(seconds) {
        Some(ttl) if !(0.0..=MAX_TTL_SECONDS).contains(&ttl) => {
            Err(violation("message.android.ttl", "Must be between 0 and 2419200 seconds."))
        }
        _ => Ok(()),
    }
}

/// A duration of protobuf's JSON form: digits, perhaps a fraction of nine, and an `s`.
fn seconds(value: &Value) -> Option<f64> {
    let number = value.as_str()?.strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain(digits) && plain(fraction) && fraction.len() <= 9).then(|| number.parse().ok())?
}

fn check_data(message: &Map<String, Value>) -> Result<(), Violation> {
    for (place, data) in data_maps(message) {
        for key in data.keys() {
            let reserved =
                key == "from" || key == "message_type" || key.starts_with("google.") || key.starts_with("gcm.");
            if reserved || key.is_empty() {
                return Err(violation(place, format!("Invalid data payload key: {key}")));
            }
        }
    }
    Ok(())
}

fn data_maps(message: &Map<String, Value>) -> Vec<(&'static str, &Map<String, Value>)> {
    let own = message.get("data").and_then(Value::as_object);
    let android = message.get("android").and_then(|android| android.get("data"));
    let android = android.and_then(Value::as_object);
    let own = own.map(|map| ("message.data", map));
    own.into_iter().chain(android.map(|map| ("message.android.data", map))).collect()
}

fn check_size(message: &Map<String, Value>) -> Result<(), Violation> {
    let notifications =
        [message.get("notification"), message.get("android").and_then(|android| android.get("notification"))];
    let shown = notifications.into_iter().flatten().filter_map(Value::as_object);
    let data = data_maps(message).into_iter().map(|(_, map)| map);
    let bytes: usize = shown.chain(data).flat_map(Map::iter).map(pair_bytes).sum();
    match bytes <= MAX_PAYLOAD_BYTES {
        true => Ok(()),
        false => Err(violation("message", format!("Android message is too big: {bytes} bytes."))),
    }
}

fn pair_bytes((key, value): (&String, &Value)) -> usize {
    key.len() + value.as_str().map_or_else(|| value.to_string().len(), str::len)
}

fn has(message: &Map<String, Value>, name: &str) -> bool {
    message.keys().any(|key| snake_case(key) == name)
}

/// Protobuf's JSON form takes both spellings of a field (<https://protobuf.dev/programming-guides/json/>).
fn snake_case(key: &str) -> String {
    let mut name = String::with_capacity(key.len() + 4);
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field_of(message: &Value) -> Option<String> {
        check(&json!({ "message": message })).err().map(|violation| violation.field)
    }

    #[test]
    fn legal_messages_pass() {
        let android = json!({"priority": "HIGH", "ttl": "119.5s", "collapse_key": "c", "notification": {"tag": "t"}});
        assert_eq!(field_of(&json!({"token": "t", "data": {"a": "b"}, "android": android})), None);
        assert_eq!(field_of(&json!({"fid": "f", "androidV2": {"collapseKey": "k"}})), None);
    }

    #[test]
    fn faults_are_named() {
        let named = |field: &str| Some(field.to_owned());
        assert_eq!(field_of(&json!({"token": "t", "extra": 1})), named("message"));
        assert_eq!(field_of(&json!({"token": "t", "android": {"to": "x"}})), named("message.android"));
        assert_eq!(field_of(&json!({"token": "t", "fid": "f"})), named("message"));
        assert_eq!(field_of(&json!({"token": ""})), named("message.token"));
        assert_eq!(field_of(&json!({"token": "t", "android": {}, "androidV2": {}})), named("message"));
        assert_eq!(field_of(&json!({"token": "t", "data": {"a": 1}})), named("message.data"));
        assert_eq!(field_of(&json!({"token": "t", "data": {"gcm.x": "1"}})), named("message.data"));
        let ttl = |ttl: &str| field_of(&json!({"token": "t", "android": {"ttl": ttl}}));
        for wrong in ["2419201s", "120", "-1s", "1e3s", "s", ".5s"] {
            assert_eq!(ttl(wrong), named("message.android.ttl"), "{wrong}");
        }
        let big = "x".repeat(4096);
        assert_eq!(field_of(&json!({"token": "t", "data": {"k": big}})), named("message"));
    }
}
