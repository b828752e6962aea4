//! The composition root: settings → parts → run → drain. The only module that knows every other.

mod code_keys;
mod error;
mod migrate;
mod parts;
mod private_database;
mod problems;
mod reload;
mod serve;
mod shutdown;
mod tasks;
mod traces;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use tokio::sync::Notify;
use tracing::field::display;
use tracing::{info, warn};
use twostep_front::Workers;

use crate::actors::{Directory, MailsUnderWay, Services};
use crate::bus::{self, Bus};
use crate::domain::value::id::NodeId;
use crate::geoip::Places;
use crate::http::operator::{Operator, OperatorAccess, ReloadWish, Reloaded};
use crate::http::{Api, Limits, Tokens};
use crate::jobs::{self, Dispatcher, NoticeSender, Reconcile, Supervisor, WebhookSender};
use crate::providers::push::CurrentProviders;
use crate::providers::webhook::Webhooks;
use crate::service::UseCases;
use crate::settings::{self, PushContentSetting, Registration, Settings};
use crate::store::{self, Store};
use crate::telemetry;
use crate::telemetry::traces::Exporter;

pub use self::error::AppError;
pub use self::migrate::{Found, migrate};
pub use self::private_database::{PrivateDatabase, PrivateDatabaseError, StartError};
pub use self::problems::{cautions, problems};
use self::reload::Reload;
pub use self::reload::ReloadError;

/// A running gateway. Call [`App::stop`] to end it in order; dropping it stops the private PostgreSQL only.
pub struct App {
    address: SocketAddr,
    is_secure: bool,
    operator_address: SocketAddr,
    probe_address: Option<SocketAddr>,
    directory: Directory,
    store: Store,
    bus: Bus,
    mails_under_way: MailsUnderWay,
    node: NodeId,
    draining: Arc<AtomicBool>,
    drain_asked: Arc<Notify>,
    reload: Reload,
    public: ServerHandle,
    /// The operator's side and the one for probes: they tell to the end how the node stands.
    private: Vec<ServerHandle>,
    /// What takes work up that lies in the database.
    takers: Supervisor,
    /// Everything else that runs by itself.
    supervisor: Supervisor,
    traces: Option<Exporter>,
    reconnect_spread: Duration,
    /// Last, so that it goes last.
    _private: Option<PrivateDatabase>,
}

impl App {
    /// Starts every part and returns when requests are served. Call it inside an actix system.
    ///
    /// # Errors
    /// [`AppError`], whose text is one line that says what to do.
    pub async fn start(settings: &Settings) -> Result<Self, AppError> {
        // A second call finds the provider installed; it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let certificate = serve::certificate(settings).await?;
        let metrics = telemetry::start_metrics();
        let (private, store) = parts::open_database(settings).await?;
        store::postgres::server::require(&store).await?;
        store::migrate(&store).await?;
        settings.warnings().iter().for_each(|warning| warn!("{warning}"));
        let code_keys = settings::code_keys(settings)?;
        let access = Arc::new(OperatorAccess::new(settings::operator_token(settings)?));
        let mut supervisor = Supervisor::default();
        supervisor.start(tasks::keep_metrics(metrics.clone()));
        let push = CurrentProviders::new(parts::push_providers(settings)?);
        let webhooks = Webhooks::open(&settings.webhooks)?;
        let node = NodeId::new(uuid::Uuid::now_v7());
        let traces = traces::start(settings, node)?;
        let keys = Arc::new(code_keys.keys);
        let (bus, inbox, carriers) = bus::join(&settings.bus, settings.mode.privacy(), node, Arc::clone(&keys)).await?;
        let use_cases = UseCases::new(parts::core(settings, node, store.clone(), keys, bus.clone())?);
        let (mail, outbox) = parts::mailer(settings)?;
        let connections = parts::connection_settings(settings);
        let services = Arc::new(Services {
            use_cases: use_cases.clone(),
            store: store.clone(),
            bus: bus.clone(),
            node,
            mail,
            mails_under_way: MailsUnderWay::default(),
            service: settings.service.service(),
            mail_retry: settings.smtp.retry(),
            push: push.clone(),
            push_shows_code: settings.delivery.push_content == PushContentSetting::Code,
            receipt_window: Duration::from_millis(settings.delivery.receipt_window_ms),
            presence_wait: Duration::from_millis(settings.bus.presence_wait_ms),
            heartbeat: connections.heartbeat,
        });
        let directory = Directory::start(&services, parts::cores());
        // Known before it claims anything: to the others a node that they do not know is gone.
        store.run(async |db| store::node::beat(db, node, false).await.map(drop)).await?;
        supervisor.adopt(carriers);
        supervisor.start(Dispatcher::new(inbox, Arc::clone(&services), directory.clone()));
        supervisor.start(jobs::beat(Arc::clone(&services)));
        supervisor.start(Reconcile::new(Arc::clone(&services)));
        let mut takers = Supervisor::default();
        takers.start(tasks::sweeper(&services, &directory, settings));
        takers.start(NoticeSender::new(Arc::clone(&services)));
        let hold_ratio = settings.rollout.holds.then_some(settings.rollout.hold_ratio);
        supervisor.start(jobs::watches(use_cases.clone(), hold_ratio));
        if settings.delivery.reach_drill {
            takers.start(jobs::drill(Arc::clone(&services)));
        }
        if let Some(webhooks) = webhooks {
            supervisor.start(WebhookSender::new(use_cases.clone(), store.clone(), webhooks));
        }
        if let Some(file) = code_keys.file {
            supervisor.start(code_keys::follow(file, use_cases.clone()));
        }
        if let Some(private) = private.clone() {
            supervisor.start(tasks::look_after(private));
        }
        if let Some(certificate) = certificate.clone() {
            supervisor.start(tasks::renew(certificate));
        }
        let draining = Arc::<AtomicBool>::default();
        let drain_asked = Arc::<Notify>::default();
        let mut given = serve::Given::take()?;
        let listener = given.listen("http.address", settings.http.address)?;
        let operator_listener = given.listen("operator.address", settings.operator.address)?;
        let address = serve::local_address(&listener)?;
        let operator_address = serve::local_address(&operator_listener)?;
        let probe_listener =
            settings.probe.address.map(|address| given.listen("probe.address", address)).transpose()?;
        given.warn_of_others();
        let probe_address = probe_listener.as_ref().map(serve::local_address).transpose()?;
        let places = Arc::new(Places::open(settings.places.files.clone()));
        supervisor.start(tasks::reload_places(Arc::clone(&places)));
        let limits = Arc::new(Limits::new(reload::limits(settings)));
        let origins = serve::origins(settings, address);
        let (reload, reload_wishes) = Reload::new(settings, address, &limits, &origins, &access, &services);
        supervisor.start(tasks::forget(Arc::clone(&limits), use_cases.clone()));
        let api = Data::new(Api {
            use_cases: use_cases.clone(),
            bus: bus.clone(),
            directory: directory.clone(),
            origins,
            connections,
            places,
            limits,
            tokens: Tokens::default(),
            streams: Arc::new(serve::streams(settings)),
            trust: serve::trust(settings),
            traced_callers: settings.traces.callers.clone(),
            outbox,
            push,
            security_contact: settings.service.security_contact.clone(),
            takes_accounts: settings.accounts.registration == Registration::Open,
            max_body_bytes: settings.http.max_body_bytes,
            speaks_tls: settings.http.tls.is_on(),
        });
        let workers = Workers::default();
        let operator = Data::new(Operator {
            use_cases,
            store: store.clone(),
            bus: bus.clone(),
            directory: directory.clone(),
            metrics,
            draining: Arc::clone(&draining),
            drain: Arc::clone(&drain_asked),
            reload: reload_wishes,
            access,
            hosts: settings.operator.hosts.clone(),
            workers: workers.clone(),
        });
        let public = serve::serve_public(listener, settings, certificate, workers, store.clone(), api)?;
        let probe = probe_listener.map(|listener| serve::serve_probes(listener, operator.clone())).transpose()?;
        let operators_side = serve::serve_operator(operator_listener, operator)?;
        let public_handle = public.handle();
        let private_handles =
            [Some(&operators_side), probe.as_ref()].into_iter().flatten().map(Server::handle).collect();
        supervisor.adopt([
            actix_web::rt::spawn(serve::run(public, "the public side")),
            actix_web::rt::spawn(serve::run(operators_side, "the operator's side")),
        ]);
        supervisor.adopt(probe.map(|probe| actix_web::rt::spawn(serve::run(probe, "the side for probes"))));
        let probes = probe_address.map(display);
        info!(http.address = %address, operator.address = %operator_address, probe.address = probes, "ready");
        Ok(Self {
            address,
            is_secure: settings.http.tls.is_on(),
            operator_address,
            probe_address,
            directory,
            store,
            bus,
            mails_under_way: services.mails_under_way.clone(),
            node,
            draining,
            drain_asked,
            reload,
            public: public_handle,
            private: private_handles,
            takers,
            supervisor,
            traces,
            reconnect_spread: Duration::from_millis(settings.shutdown.reconnect_spread_ms),
            _private: private,
        })
    }

    /// Where the public side listens; the port is the real one when 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How the public side is called from this machine.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where the operator's side listens.
    #[must_use]
    pub fn operator_address(&self) -> SocketAddr {
        self.operator_address
    }

    /// Where probes and Prometheus may ask, if that is somewhere else.
    #[must_use]
    pub fn probe_address(&self) -> Option<SocketAddr> {
        self.probe_address
    }

    /// The way to user actors, to observe them.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Waits until an operator asks for a drain.
    pub async fn drain_asked(&self) {
        self.drain_asked.notified().await;
    }

    /// Waits until an operator wishes that the settings are read again.
    pub async fn reload_asked(&self) -> ReloadWish {
        self.reload.asked().await
    }

    /// Takes what may change while the gateway runs from settings that were read again.
    ///
    /// # Errors
    /// [`ReloadError`] when a push provider cannot be set up like this, or there is no token for operators; then nothing changes.
    pub fn reload(&self, settings: &Settings) -> Result<Reloaded, ReloadError> {
        self.reload.apply(settings)
    }
}
