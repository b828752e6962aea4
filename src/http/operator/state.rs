//! What the operator's handlers work with, and whom they refuse.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix_web::dev::Payload;
use actix_web::http::header::ORIGIN;
use actix_web::{FromRequest, HttpRequest};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::sync::{Notify, mpsc, oneshot};
use twostep_front::Workers;

use super::token::OperatorAccess;
use crate::actors::Directory;
use crate::bus::Bus;
use crate::http::problem::{Problem, ProblemCode};
use crate::http::site::session_cookies::is_same_origin;
use crate::service::UseCases;
use crate::store::Store;

/// What the operator's handlers work with.
pub struct Operator {
    /// The use cases.
    pub use_cases: UseCases,
    /// The database, to see how it is used.
    pub store: Store,
    /// The way to other nodes, to see how it stands.
    pub bus: Bus,
    /// The way to user actors, to count them.
    pub directory: Directory,
    /// Renders metrics.
    pub metrics: PrometheusHandle,
    /// Set when the node is going away.
    pub draining: Arc<AtomicBool>,
    /// Rings when an operator asks for a drain.
    pub drain: Arc<Notify>,
    /// Takes wishes to read the settings again.
    pub reload: mpsc::Sender<ReloadWish>,
    /// Who may call `/admin`.
    pub access: Arc<OperatorAccess>,
    /// Names that this side may be called by, besides addresses and `localhost`.
    pub hosts: Vec<String>,
    /// The threads of the public side.
    pub workers: Workers,
}

/// A wish to read the settings again, and where its answer goes: what came of it, or why nothing was changed.
pub type ReloadWish = oneshot::Sender<Result<Reloaded, String>>;

/// What came of reading the settings again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reloaded {
    /// What is in force now.
    pub reloaded: Vec<&'static str>,
    /// What is followed without being asked.
    pub followed: Vec<&'static str>,
    /// What differs and takes a restart.
    pub restart_needed: Vec<String>,
}

/// Refuses what a page of another origin sends, though it has no token: the live view says that it is itself with a header that no
/// other page can send without a preflight, which is refused here (a POST without a body needs none, Fetch standard section 4.8).
pub(super) struct NotFromAnotherPage;

impl FromRequest for NotFromAnotherPage {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let is_page = headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site");
        let is_live_view = is_same_origin(headers) && headers.contains_key("x-twostep-page");
        ready(if is_page && !is_live_view {
            Err(Problem::new(ProblemCode::Forbidden, "Only the live view of this address may do this."))
        } else {
            Ok(Self)
        })
    }
}
