//! The place of a step in its trace, as it travels in memory and in headers (W3C Trace Context).

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};
use opentelemetry::{Context, ContextGuard, SpanId, TraceFlags, TraceId};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// The trace that something happens in, and the step of it that led there. Small, so that it goes along with every fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: TraceId,
    step: SpanId,
    flags: TraceFlags,
}

/// A header of its own: the only one that is read or written. `tracestate`, which only says what others make of a trace, ends
/// here.
struct TraceParent(Option<String>);

impl Trace {
    /// The header that carries it, over HTTP as over NATS (<https://www.w3.org/TR/trace-context/#traceparent-header>).
    pub const HEADER: &str = "traceparent";
    /// Outside every trace.
    pub const NONE: Self = Self { id: TraceId::INVALID, step: SpanId::INVALID, flags: TraceFlags::NOT_SAMPLED };

    /// That of what runs now; [`Self::NONE`] outside a step.
    #[must_use]
    pub fn current() -> Self {
        Context::map_current(|context| Self::of(context.span().span_context()))
    }

    /// Makes it the current one until the guard is dropped, for what does not wait.
    #[must_use]
    pub fn enter(self) -> Option<ContextGuard> {
        self.is_some().then(|| self.context().attach())
    }

    /// Reads the value of its header; [`Self::NONE`] for what is none.
    #[must_use]
    pub fn from_header(value: &str) -> Self {
        let context =
            TraceContextPropagator::new().extract_with_context(&Context::new(), &TraceParent(Some(value.to_owned())));
        Self::of(context.span().span_context())
    }

    /// The value of its header; `None` outside every trace.
    #[must_use]
    pub fn to_header(self) -> Option<String> {
        let mut header = TraceParent(None);
        TraceContextPropagator::new().inject_context(&self.context(), &mut header);
        header.0
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }

    pub(super) fn of(span: &SpanContext) -> Self {
        Self { id: span.trace_id(), step: span.span_id(), flags: span.trace_flags() }
    }

    pub(super) fn context(self) -> Context {
        let span = SpanContext::new(self.id, self.step, self.flags, true, TraceState::NONE);
        Context::new().with_remote_span_context(span)
    }
}

impl Injector for TraceParent {
    fn set(&mut self, key: &str, value: String) {
        if key == Trace::HEADER {
            self.0 = Some(value);
        }
    }
}

impl Extractor for TraceParent {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.as_deref().filter(|_| key == Trace::HEADER)
    }

    fn keys(&self) -> Vec<&str> {
        vec![Trace::HEADER]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the recommendation.
    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_comes_back_as_it_went() {
        let trace = Trace::from_header(EXAMPLE);
        assert!(trace.is_some());
        assert_eq!(trace.to_header().as_deref(), Some(EXAMPLE));
    }

    #[test]
    fn what_is_no_header_is_no_trace() {
        let zeroes = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        for text in ["", "00", "hello", zeroes, &EXAMPLE[..50], &EXAMPLE.to_uppercase(), &"0".repeat(100_000)] {
            assert_eq!(Trace::from_header(text), Trace::NONE, "{text:.60}");
        }
        assert_eq!(Trace::NONE.to_header(), None);
        assert_eq!(Trace::current(), Trace::NONE);
    }
}
