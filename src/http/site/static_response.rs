//! Texts that stay the same while the gateway runs, for anybody who asks: hashed and compressed once, not for every request.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{AcceptEncoding, ContentEncoding, ETAG, Encoding, Header, IF_NONE_MATCH};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use twostep_front::{KeptOnce, PIECE_BYTES};

use crate::http::site::session_cookies::hex;

/// Bytes of a hash that tells versions of a text apart.
const TAG_BYTES: usize = 8;
/// A text and its compressed form.
pub(in crate::http) struct Fixed {
    kind: &'static str,
    cache: &'static str,
    tag: String,
    plain: Bytes,
    packed: Bytes,
}

impl Fixed {
    /// `kind` is the media type, `cache` the `Cache-Control` of the answers.
    pub(in crate::http) fn new(kind: &'static str, cache: &'static str, text: impl Into<Bytes>) -> Self {
        let plain = text.into();
        // Weak: the same text has two forms (RFC 9110 section 8.8.1).
        let tag = format!("W/\"{}\"", tag(&plain));
        Self { kind, cache, tag, packed: packed(&plain), plain }
    }

    /// The text, in the form that the client takes, or nothing but its tag when the client has it.
    pub(in crate::http) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == self.tag));
        let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer.insert_header((ETAG, self.tag.as_str())).insert_header(("Cache-Control", self.cache));
        answer.insert_header(("Vary", "Accept-Encoding"));
        if is_known {
            return answer.finish();
        }
        answer.content_type(self.kind);
        answer.extensions_mut().insert(KeptOnce);
        if takes_gzip(request) {
            answer.insert_header(ContentEncoding::Gzip).body(Pieces(self.packed.clone()))
        } else {
            answer.body(Pieces(self.plain.clone()))
        }
    }
}

/// A text on its way, a piece at a time: thousands of clients that read slowly must not have a copy of all of it each.
struct Pieces(Bytes);

impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.0.len().min(PIECE_BYTES);
        Poll::Ready((length > 0).then(|| Ok(self.0.split_to(length))))
    }
}

/// Some letters that change when any of the bytes does.
pub(in crate::http) fn tag(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..TAG_BYTES])
}

fn packed(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail").into()
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let forms = [Encoding::gzip(), Encoding::identity()];
    AcceptEncoding::parse(request).is_ok_and(|accepted| accepted.negotiate(forms.iter()) == Some(Encoding::gzip()))
}
