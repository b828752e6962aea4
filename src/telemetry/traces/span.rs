//! Steps: what is recorded of a trace, with a beginning, an end and what became of it. OpenTelemetry calls them spans.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use opentelemetry::trace::{FutureExt, SpanKind, Status, TraceContextExt, TracerProvider};
use opentelemetry::trace::{SpanBuilder, Tracer};
use opentelemetry::{Context, KeyValue, Value};

use super::export::provider;
use super::trace::Trace;

/// What kind of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answers a request from outside.
    Server,
    /// Asks somebody else: a provider, the mail server, the database.
    Client,
    /// Takes up what another node told.
    Consumer,
    /// Within the node.
    Internal,
}

/// A step under way. It ends when it is dropped; nothing is recorded while traces are off, or outside a trace.
pub struct Step(Option<Context>);

impl Step {
    /// Begins a step of a trace; of none, when `trace` is none.
    #[must_use]
    pub fn of(trace: Trace, kind: Kind, name: &'static str) -> Self {
        if trace.is_some() { Self::begin(&trace.context(), kind, name, None) } else { Self(None) }
    }

    /// Begins a step of the trace that is current, if there is one.
    #[must_use]
    pub fn here(kind: Kind, name: &'static str) -> Self {
        Self::of(Trace::current(), kind, name)
    }

    /// Begins a trace, or goes on with that of the caller.
    #[must_use]
    pub fn first(caller: Trace, kind: Kind, name: &'static str) -> Self {
        let parent = if caller.is_some() { caller.context() } else { Context::new() };
        Self::begin(&parent, kind, name, None)
    }

    /// A step that began `since` ago and is over.
    pub fn record_past(trace: Trace, kind: Kind, name: &'static str, since: Duration) {
        if trace.is_some() {
            let began = SystemTime::from(Timestamp::now()).checked_sub(since);
            Self::begin(&trace.context(), kind, name, began);
        }
    }

    fn begin(parent: &Context, kind: Kind, name: &'static str, began: Option<SystemTime>) -> Self {
        let Some(provider) = provider() else { return Self(None) };
        let tracer = provider.tracer("twostep");
        let builder = SpanBuilder { start_time: began, ..SpanBuilder::from_name(name).with_kind(kind.into()) };
        Self(Some(parent.with_span(tracer.build_with_context(builder, parent))))
    }

    /// Its place in the trace, for what follows from it.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.0.as_ref().map_or(Trace::NONE, |context| Trace::of(context.span().span_context()))
    }

    /// Gives it a name that is known only later.
    pub fn rename(&self, name: impl FnOnce() -> String) {
        if let Some(context) = &self.0 {
            context.span().update_name(name());
        }
    }

    /// Notes something about it: never what a log may not hold.
    pub fn note(&self, key: &'static str, value: impl Into<Value>) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new(key, value));
        }
    }

    /// It came to nothing, for the reason that the word gives.
    pub fn fail(&self, why: &'static str) {
        if let Some(context) = &self.0 {
            context.span().set_status(Status::error(why));
        }
    }

    /// Runs a part of it: steps that begin meanwhile are steps of this one.
    pub async fn run<T>(&self, part: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(context) => part.with_context(context.clone()).await,
            None => part.await,
        }
    }
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Server => Self::Server,
            Kind::Client => Self::Client,
            Kind::Consumer => Self::Consumer,
            Kind::Internal => Self::Internal,
        }
    }
}

/// Takes the current trace along into a task of its own.
pub fn carry<F: Future>(task: F) -> impl Future<Output = F::Output> + use<F> {
    task.with_current_context()
}
