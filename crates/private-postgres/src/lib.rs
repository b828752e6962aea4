//! A private PostgreSQL for a gateway that has no `database.url`: the machine's own server programs, run on a Unix
//! socket only, as an unprivileged user, durable, and stopped whenever the gateway ends, however it ends.
//!
//! Everything is in `postgres` in the data directory:
//! ```text
//! lock           held by the gateway and its watchdog; names the gateway's process
//! pg/            PostgreSQL's data; made beside as pg.new-… and renamed when complete
//! run/           the socket (in /tmp where this path would be too long for one)
//! postgres.log   what the server says
//! ```
//! Three things end the server: [`PrivatePostgres::stop`] in the normal case; the watchdog, a shell at the other
//! end of a pipe, when the gateway is killed; and nobody when both are killed, so the next start takes that server
//! over. A kill at any moment leaves a directory that the next start can use.

mod account;
mod cluster;
mod directory;
mod error;
mod lock;
mod pid_file;
mod process;
mod programs;
mod server;
mod sockets;
mod watchdog;

use std::path::Path;

use account::Account;
use directory::Directory;
pub use error::StartError;
use lock::Lock;
use programs::Programs;
use server::{Postmaster, Server};
use sockets::Sockets;
use watchdog::Watchdog;

/// A running private PostgreSQL. Dropping it stops the server and waits until it is down.
#[derive(Debug)]
pub struct PrivatePostgres {
    server: Server,
    watchdog: Option<Watchdog>,
    /// Gone once the server was stopped on purpose. Declared last: released when all else is done.
    lock: Option<Lock>,
}

impl PrivatePostgres {
    /// Starts the server of `data_dir`, and makes its data first if there is none. Returns when it accepts connections:
    /// about a second later the first time, a fraction of that afterwards.
    ///
    /// Blocking; call it before the async runtime or on a blocking thread.
    ///
    /// # Errors
    /// When the machine lacks PostgreSQL 15 to 18 or the version that made the data, when another gateway uses the
    /// directory, when the directory cannot be used, or when the server does not start. Nothing is left running.
    pub fn start(data_dir: &Path) -> Result<Self, StartError> {
        let account = Account::choose(&directory::cluster_in(data_dir))?;
        let directory = Directory::prepare(data_dir, &account)?;
        let lock = Lock::take(&directory)?;
        let cluster = directory.cluster();
        let made_by = cluster::made_by(&cluster)?;
        let programs = Programs::find(&account, &cluster, made_by)?;
        let sockets = Sockets::prepare(&directory, &account)?;
        cluster::remove_unfinished(&directory);
        if made_by.is_none() {
            tracing::info!(postgres.directory = %cluster.display(), "creating the private PostgreSQL's data");
            cluster::create(&directory, &programs, &account)?;
        }
        let server = Server { account, programs, cluster, sockets, log: directory.log(), postmaster: Postmaster::None };
        let mut postgres = Self { server, watchdog: None, lock: Some(lock) };
        postgres.bring_up()?;
        Ok(postgres)
    }

    /// How clients connect, in libpq's form: `host=/…/run port=5432 user=twostep dbname=twostep`.
    #[must_use]
    pub fn connection_string(&self) -> String {
        self.server.sockets.connection_string()
    }

    /// Whether the postmaster is there: `false` once it is gone although nobody stopped it.
    ///
    /// A crash of one of the server's other processes does not count: the postmaster recovers from that by itself.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.server.is_running()
    }

    /// Starts the server again if the postmaster died alone (crash, out of memory, kill), and says whether it did.
    /// Does nothing while it runs or after [`stop`](Self::stop). Blocking, like [`start`](Self::start).
    ///
    /// # Errors
    /// When the server does not start; it can be tried again later.
    pub fn restart_if_dead(&mut self) -> Result<bool, StartError> {
        if self.lock.is_none() {
            return Ok(false);
        }
        if self.server.is_running() {
            self.ensure_watched()?;
            return Ok(false);
        }
        tracing::warn!(postgres.log = %self.server.log.display(), "PostgreSQL is gone although nobody stopped it: starting it again");
        self.bring_up()?;
        Ok(true)
    }

    /// Stops the server and waits until it is down, 20 s at most. Close the pool first. Dropping does the same.
    pub fn stop(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        if let Err(error) = self.server.forget_reused_id() {
            tracing::warn!(%error, "a process that is not PostgreSQL may be taken for it");
        }
        self.server.stop();
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.dismiss();
        }
        drop(lock);
    }

    /// What the server has to say when something is wrong.
    #[must_use]
    pub fn log_file(&self) -> &Path {
        &self.server.log
    }

    /// The watchdog comes first, so that a kill in between leaves no server behind, and after a look at the process
    /// id that it would stop.
    fn bring_up(&mut self) -> Result<(), StartError> {
        self.server.forget_reused_id()?;
        self.ensure_watched()?;
        self.server.ensure_ready()?;
        tracing::info!(
            postgres.version = self.server.programs.major(),
            postgres.directory = %self.server.cluster.display(),
            "the private PostgreSQL is ready"
        );
        Ok(())
    }

    fn ensure_watched(&mut self) -> Result<(), StartError> {
        let Some(lock) = &self.lock else { return Ok(()) };
        if self.watchdog.as_mut().is_none_or(Watchdog::is_gone) {
            let Server { account, programs, cluster, .. } = &self.server;
            let log = self.server.open_log()?;
            let watchdog =
                Watchdog::start(account, programs, cluster, lock, log).map_err(StartError::spawn("/bin/sh"))?;
            self.watchdog = Some(watchdog);
        }
        Ok(())
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.stop();
    }
}
