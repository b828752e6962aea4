//! The composition root: settings → parts → run → drain. The only file that knows every room.

mod code_keys;
mod problems;
mod reload;
mod serve;
mod traces;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use jiff::SignedDuration;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::field::display;
use tracing::{info, warn};

use crate::actors::{self, Directory, MailsUnderWay, Services, SweepSettings};
use crate::bus::{Bus, JoinError, Nats};
use crate::delivery::mail::{MailSetupError, Mailer, Outbox, Smtp};
use crate::delivery::push::{CurrentProviders, PushProviders, PushSetupError};
use crate::delivery::webhook::{WebhookSetupError, Webhooks};
use crate::domain::challenge::Lifetimes;
use crate::domain::code::CodeKeys;
use crate::domain::id::NodeId;
use crate::embedded_postgres::{EmbeddedPostgres, StartError};
use crate::gateway::ConnectionSettings;
use crate::http::operator::{Operator, OperatorAccess, ReloadWish, Reloaded};
use crate::http::{Api, Limits, Tokens};
use crate::listener::{CertificateError, Workers};
use crate::places::{Places, RELOAD_PERIOD};
use crate::settings::{self, KeysError, Mode, OperatorTokenError, PushContentSetting, Registration, Settings};
use crate::store::mailbox_forms::Forms;
use crate::store::session::TokenLifetimes;
use crate::store::{self, ConnectSettings, Schema, Store, StoreError};
use crate::telemetry;
use crate::traces::{Exporter, TraceSetupError};
use crate::verification::{AssertionRules, PasswordCost, Passwords, Rules, Verification};

pub use self::problems::{cautions, problems};
use self::reload::Reload;
pub use self::reload::ReloadError;

/// How long a node takes to stop at most, less a margin for the private PostgreSQL (design section 12: 30 s).
const SHUTDOWN_SECONDS: u64 = 12;
/// How long after that it waits for the mail server to take what it was given.
const MAIL_PATIENCE: Duration = Duration::from_secs(6);
/// How long what other nodes should know may take to leave at the end.
const BUS_FLUSH: Duration = Duration::from_secs(1);
/// How often the private PostgreSQL is looked after.
const DATABASE_CHECK: Duration = Duration::from_secs(1);
/// How often metrics are summed up.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// Why the gateway cannot start. Each text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The private PostgreSQL.
    #[error(transparent)]
    EmbeddedPostgres(#[from] StartError),
    /// The database.
    #[error("the database cannot be used: {}. Check TWOSTEP__DATABASE__URL and that the server runs", cause(.0))]
    Database(#[from] StoreError),
    /// The code keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The operator's token.
    #[error(transparent)]
    OperatorToken(#[from] OperatorTokenError),
    /// Mail.
    #[error(transparent)]
    Mail(#[from] MailSetupError),
    /// A push provider.
    #[error(transparent)]
    Push(#[from] PushSetupError),
    /// The way to apps' servers.
    #[error(transparent)]
    Webhooks(#[from] WebhookSetupError),
    /// The way to other nodes.
    #[error(transparent)]
    Bus(#[from] JoinError),
    /// Traces.
    #[error(transparent)]
    Traces(#[from] TraceSetupError),
    /// An HTTP client.
    #[error("the HTTP client cannot be set up")]
    Http(#[from] reqwest::Error),
    /// Password hashing.
    #[error("passwords.memory_kib and passwords.iterations do not fit argon2: {0}")]
    Passwords(argon2::Error),
    /// An address.
    #[error("{key} {address} cannot be used: {source}. Stop what listens there, or set TWOSTEP__{} to another", environment_name(.key))]
    Address {
        /// The setting.
        key: &'static str,
        /// Its value.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A socket of the service manager.
    #[error(
        "a socket that the service manager opened (LISTEN_FDS) cannot be used: {0}. Give it ListenStream= with an IP address and a port"
    )]
    GivenSocket(std::io::Error),
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The runtime.
    #[error("a thread of the gateway died: {0}")]
    Thread(String),
}

fn cause(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(source) => source.to_string(),
        other => other.to_string(),
    }
}

fn environment_name(key: &str) -> String {
    key.replace('.', "__").to_ascii_uppercase()
}

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
    takers: Vec<JoinHandle<()>>,
    tasks: Vec<JoinHandle<()>>,
    traces: Option<Exporter>,
    reconnect_spread: Duration,
    /// Last, so that it goes last.
    _postgres: Option<Arc<std::sync::Mutex<EmbeddedPostgres>>>,
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
        let (postgres, store) = open_database(settings).await?;
        store::server::require(&store).await?;
        store::migrate(&store).await?;
        settings.warnings().iter().for_each(|warning| warn!("{warning}"));
        let code_keys = settings::code_keys(settings)?;
        let access = Arc::new(OperatorAccess::new(settings::operator_token(settings)?));
        let upkeep = actix_web::rt::spawn(keep_metrics(metrics.clone()));
        let push = CurrentProviders::new(PushProviders::open(&settings.fcm, &settings.apns, settings.mode.privacy())?);
        let webhooks = Webhooks::open(&settings.webhooks)?;
        let node = NodeId::new(uuid::Uuid::now_v7());
        let traces = traces::start(settings, node)?;
        let keys = Arc::new(code_keys.keys);
        let (bus, inbox, carriers) =
            Nats::join(&settings.bus, settings.mode.privacy(), node, Arc::clone(&keys)).await?;
        let verification = Arc::new(verification(settings, node, store.clone(), keys, bus.clone())?);
        let (mail, outbox) = mailer(settings)?;
        let connections = connection_settings(settings);
        let services = Arc::new(Services {
            verification: Arc::clone(&verification),
            mail,
            mails_under_way: MailsUnderWay::default(),
            service: settings.service.service(),
            mail_retry: settings.smtp.retry(),
            push,
            push_shows_code: settings.delivery.push_content == PushContentSetting::Code,
            receipt_window: Duration::from_millis(settings.delivery.receipt_window_ms),
            presence_wait: Duration::from_millis(settings.bus.presence_wait_ms),
            heartbeat: connections.heartbeat,
        });
        let directory = Directory::start(&services, cores());
        // Known before it claims anything: to the others a node that they do not know is gone.
        store.run(async |db| store::node::beat(db, node, false).await.map(drop)).await?;
        let mut tasks = background_tasks(&services, &directory, inbox);
        let takers = vec![
            start_sweeper(&services, &directory, settings),
            actix_web::rt::spawn(actors::send_notices(Arc::clone(&services))),
        ];
        let send_webhooks = |webhooks| actix_web::rt::spawn(actors::send_webhooks(Arc::clone(&verification), webhooks));
        tasks.extend(webhooks.map(send_webhooks));
        tasks.extend(carriers);
        tasks.push(upkeep);
        let follow = |file| actix_web::rt::spawn(code_keys::follow(file, Arc::clone(&verification)));
        tasks.extend(code_keys.file.map(follow));
        tasks.extend(postgres.as_ref().map(|postgres| actix_web::rt::spawn(look_after(Arc::clone(postgres)))));

        tasks.extend(certificate.clone().map(|certificate| actix_web::rt::spawn(serve::renew(certificate))));
        let (draining, drain_asked) = (Arc::<AtomicBool>::default(), Arc::<Notify>::default());
        let mut given = serve::Given::take()?;
        let listener = given.listen("http.address", settings.http.address)?;
        let operator_listener = given.listen("operator.address", settings.operator.address)?;
        let (address, operator_address) = (serve::local_address(&listener)?, serve::local_address(&operator_listener)?);
        let probe_listener =
            settings.probe.address.map(|address| given.listen("probe.address", address)).transpose()?;
        given.warn_of_others();
        let probe_address = probe_listener.as_ref().map(serve::local_address).transpose()?;
        let places = Arc::new(Places::open(settings.places.files.clone()));
        tasks.push(actix_web::rt::spawn(reload(Arc::clone(&places))));
        let limits = Arc::new(Limits::new(reload::limits(settings)));
        let origins = serve::origins(settings, address);
        let (reload, reload_wishes) = Reload::new(settings, address, &limits, &origins, &access, &services);
        tasks.push(actix_web::rt::spawn(forget(Arc::clone(&limits))));
        let api = Data::new(Api {
            verification: Arc::clone(&verification),
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
            takes_accounts: settings.accounts.registration == Registration::Open,
            max_body_bytes: settings.http.max_body_bytes,
            speaks_tls: settings.http.tls.is_on(),
        });
        let workers = Workers::default();
        let operator = Data::new(Operator {
            verification,
            directory: directory.clone(),
            metrics,
            draining: Arc::clone(&draining),
            drain: Arc::clone(&drain_asked),
            reload: reload_wishes,
            access,
            hosts: settings.operator.hosts.clone(),
            workers: workers.clone(),
        });
        let public = serve::serve_public(listener, settings, certificate, workers, api)?;
        let probe = probe_listener.map(|listener| serve::serve_probes(listener, operator.clone())).transpose()?;
        let private = serve::serve_operator(operator_listener, operator)?;
        let public_handle = public.handle();
        let private_handles = [Some(&private), probe.as_ref()].into_iter().flatten().map(Server::handle).collect();
        tasks.push(actix_web::rt::spawn(serve::run(public, "the public side")));
        tasks.push(actix_web::rt::spawn(serve::run(private, "the operator's side")));
        tasks.extend(probe.map(|probe| actix_web::rt::spawn(serve::run(probe, "the side for probes"))));
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
            tasks,
            traces,
            reconnect_spread: Duration::from_millis(settings.shutdown.reconnect_spread_ms),
            _postgres: postgres,
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

    /// Stops in order: not ready any more, goodbye to every connection, requests under way finish, the database last.
    pub async fn stop(self) {
        self.draining.store(true, Ordering::Relaxed);
        info!("draining");
        // What waits is for nodes that stay: what this one took up now, another would take over, and send as well.
        for taker in &self.takers {
            taker.abort();
        }
        self.bus.end_watching();
        // Asked for first: a device that comes back at once must find another node.
        let stopped = self.public.stop(true);
        self.directory.drain(self.reconnect_spread).await;
        let graceful = tokio::time::timeout(Duration::from_secs(SHUTDOWN_SECONDS), stopped);
        if graceful.await.is_err() {
            warn!("some requests did not finish in time");
        }
        let mails = self.mails_under_way.end(MAIL_PATIENCE).await;
        if mails > 0 {
            warn!(mails, "mails are under way still: another node sends them once more");
        }
        for server in &self.private {
            server.stop(false).await;
        }
        self.bus.flush(BUS_FLUSH).await;
        for task in &self.tasks {
            task.abort();
        }
        let node = self.node;
        if self.store.run(async |db| store::node::leave(db, node).await).await.is_err() {
            warn!("this node could not say that it is gone: others find out in a moment");
        }
        self.store.close();
        if let Some(traces) = self.traces {
            traces.stop().await;
        }
        info!("stopped");
    }
}

type SharedPostgres = Arc<std::sync::Mutex<EmbeddedPostgres>>;

/// What a look at the database found.
pub struct Found {
    /// The migrations that it lacked.
    pub missing: Vec<&'static str>,
    /// The mailboxes that were not in their one form.
    pub mailboxes: Forms,
}

/// Brings the database up to date, unless it is only looked at.
///
/// # Errors
/// [`AppError`] when it cannot be reached, or a migration fails.
pub async fn migrate(settings: &Settings, only_look: bool) -> Result<Found, AppError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (_postgres, store) = open_database(settings).await?;
    store::server::require(&store).await?;
    let missing = match store::look(&store).await? {
        Schema::Lacks(missing) => missing,
        Schema::UpToDate | Schema::Newer { .. } => Vec::new(),
    };
    if !only_look && !missing.is_empty() {
        // What it settles is looked at below.
        store::migrate(&store).await?;
    } else if !only_look {
        // An operator may have decided a collision since.
        store::mailbox_forms::settle(&store).await?;
    }
    let mailboxes = match store::mailbox_forms::look(&store).await {
        // A schema of before there were these columns, or none.
        Err(StoreError::Refused(_)) => Forms::default(),
        looked => looked?,
    };
    Ok(Found { missing, mailboxes })
}

/// The configured database, or a private one.
async fn open_database(settings: &Settings) -> Result<(Option<SharedPostgres>, Store), AppError> {
    let (postgres, url) = match &settings.database.url {
        Some(url) => (None, url.clone()),
        None => {
            let data_dir = settings.database.data_dir.clone();
            let started = tokio::task::spawn_blocking(move || EmbeddedPostgres::start(&data_dir)).await;
            let postgres = started.map_err(|error| AppError::Thread(error.to_string()))??;
            let url = postgres.connection_string().into();
            (Some(Arc::new(std::sync::Mutex::new(postgres))), url)
        }
    };
    let store = Store::new(&connect_settings(settings, url))?;
    Ok((postgres, store))
}

fn connect_settings(settings: &Settings, url: SecretString) -> ConnectSettings {
    ConnectSettings {
        url,
        ca_file: settings.database.ca_file.clone(),
        pool_size: settings.database.pool_size,
        wait: Duration::from_millis(settings.database.wait_ms),
        deadline: Duration::from_millis(settings.database.deadline_ms),
    }
}

/// The way out for mail, and the outbox to show, if that is the way.
type WayOut = (Arc<dyn Mailer>, Option<Arc<Outbox>>);

/// The mail server, or in development without one the outbox.
fn mailer(settings: &Settings) -> Result<WayOut, MailSetupError> {
    if let Some(smtp) = Smtp::open(&settings.mail, &settings.smtp)? {
        return Ok((Arc::new(smtp), None));
    }
    let outbox = Arc::new(Outbox::new(settings.mail.from.clone()));
    let mailer: Arc<dyn Mailer> = Arc::<Outbox>::clone(&outbox);
    Ok((mailer, (settings.mode == Mode::Development).then_some(outbox)))
}

/// Starts the private PostgreSQL again when it died alone.
async fn look_after(postgres: SharedPostgres) {
    let mut ticks = tokio::time::interval(DATABASE_CHECK);
    loop {
        ticks.tick().await;
        let postgres = Arc::clone(&postgres);
        let check = move || postgres.lock().unwrap_or_else(std::sync::PoisonError::into_inner).restart_if_dead();
        match tokio::task::spawn_blocking(check).await {
            Ok(Ok(true)) => warn!("the private PostgreSQL had died and was started again"),
            Ok(Err(error)) => warn!(%error, "the private PostgreSQL is down and could not be started"),
            Ok(Ok(false)) | Err(_) => {}
        }
    }
}

/// Keeps the memory of limits small.
async fn forget(limits: Arc<Limits>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(60));
    loop {
        ticks.tick().await;
        limits.forget();
    }
}

/// Sums up what histograms took in, so that nothing piles up while nobody asks.
async fn keep_metrics(metrics: PrometheusHandle) {
    let mut ticks = tokio::time::interval(METRICS_UPKEEP);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

/// Reads files of places again when they were replaced.
async fn reload(places: Arc<Places>) {
    let mut ticks = tokio::time::interval(RELOAD_PERIOD);
    loop {
        ticks.tick().await;
        let places = Arc::clone(&places);
        // A panic while reading leaves what was read before.
        let _ = tokio::task::spawn_blocking(move || places.reload()).await;
    }
}

fn verification(
    settings: &Settings,
    node: NodeId,
    store: Store,
    code_keys: Arc<CodeKeys>,
    bus: Bus,
) -> Result<Verification, AppError> {
    let cost = PasswordCost {
        memory_kib: settings.passwords.memory_kib,
        iterations: settings.passwords.iterations,
        parallel: if settings.passwords.parallel == 0 { cores() } else { settings.passwords.parallel },
        queue: settings.passwords.queue,
    };
    let passwords = Passwords::new(cost).map_err(AppError::Passwords)?;
    let seconds = |seconds: u32| SignedDuration::from_secs(seconds.into());
    let rules = Rules {
        digits: settings.codes.digits,
        lifetimes: Lifetimes {
            app: seconds(settings.codes.app_lifetime_seconds),
            email: seconds(settings.codes.email_lifetime_seconds),
            confirmation: seconds(settings.codes.confirmation_lifetime_seconds),
        },
        tokens: TokenLifetimes {
            access: seconds(settings.sessions.access_token_seconds),
            refresh: seconds(settings.sessions.refresh_token_seconds),
            session: seconds(settings.sessions.longest_seconds),
        },
        email_fallback: settings.delivery.email_fallback,
        recovery_after: seconds(settings.delivery.recovery_after_seconds),
        new_mailbox_wait: seconds(settings.delivery.new_mailbox_wait_seconds),
        mail_sender: settings.mail.sender()?,
        assertions: AssertionRules {
            issuer: issuer(settings),
            lifetime: seconds(settings.assertions.lifetime_seconds),
            header: settings.assertions.algorithm,
        },
        webhooks: settings.webhooks.url.is_some(),
    };
    Ok(Verification::new(node, store, code_keys, passwords, rules, bus))
}

/// Who makes assertions.
fn issuer(settings: &Settings) -> String {
    let scheme = if settings.http.tls.is_on() { "https" } else { "http" };
    settings.assertions.issuer.clone().unwrap_or_else(|| format!("{scheme}://{}", settings.http.address))
}

fn background_tasks(services: &Arc<Services>, directory: &Directory, inbox: crate::bus::Inbox) -> Vec<JoinHandle<()>> {
    vec![
        actix_web::rt::spawn(actors::dispatch(inbox, Arc::clone(services), directory.clone())),
        actix_web::rt::spawn(actors::beat(Arc::clone(services))),
        actix_web::rt::spawn(actors::catch_up(Arc::clone(services))),
    ]
}

fn start_sweeper(services: &Arc<Services>, directory: &Directory, settings: &Settings) -> JoinHandle<()> {
    let sweep = SweepSettings {
        period: Duration::from_millis(settings.delivery.sweep_period_ms),
        activity_months: settings.login_activity.keep_months,
        shorten_ip_days: settings.login_activity.shorten_ip_days,
    };
    actix_web::rt::spawn(actors::sweep(Arc::clone(services), directory.clone(), sweep))
}

fn connection_settings(settings: &Settings) -> ConnectionSettings {
    ConnectionSettings {
        heartbeat: Duration::from_secs(settings.connections.heartbeat_seconds.into()),
        pong_timeout: Duration::from_secs(settings.connections.pong_timeout_seconds.into()),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
