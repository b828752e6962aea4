//! JSON bodies. What the document calls an object is one: serde alone would take the values in a list for it as well.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::{FutureExt, LocalBoxFuture};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};

/// An object, and no list.
pub(in crate::http) struct Object<T>(pub(in crate::http) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

/// For fields: `#[serde(deserialize_with = "object")]`.
///
/// # Errors
/// When it is no object, or when its fields do not fit.
pub(in crate::http) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Fields(PhantomData))
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// The body of a request.
pub(in crate::http) struct Json<T>(pub(in crate::http) T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Json::<Object<T>>::from_request(request, payload);
        async move { body.await.map(|body| Self(body.into_inner().0)) }.boxed_local()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        name: String,
        #[serde(deserialize_with = "object")]
        inner: Inner,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        number: u8,
    }

    fn read(text: &str) -> Result<Outer, String> {
        serde_json::from_str::<Object<Outer>>(text).map(|object| object.0).map_err(|error| error.to_string())
    }

    #[test]
    fn objects_are_read() {
        let read = read(r#"{"name":"a","inner":{"number":1}}"#);
        assert_eq!(read, Ok(Outer { name: "a".to_owned(), inner: Inner { number: 1 } }));
    }

    #[test]
    fn lists_are_refused_and_errors_say_where() {
        for text in [r#"["a",{"number":1}]"#, r#"{"name":"a","inner":[1]}"#, "[]", "null", r#""a""#] {
            assert!(read(text).is_err(), "{text}");
        }
        let refusal = read("{\"name\":\"a\",\n\"other\":1}").expect_err("unknown");
        assert_eq!(refusal, "unknown field `other`, expected `name` or `inner` at line 2 column 7");
    }
}
