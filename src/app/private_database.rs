//! The private PostgreSQL of a gateway without `database.url`, in programs that are built with it (feature `private-postgres`).

#[cfg(feature = "private-postgres")]
pub use built_in::{PrivateDatabase, StartError};
#[cfg(not(feature = "private-postgres"))]
pub use left_out::{PrivateDatabase, StartError};

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum PrivateDatabaseError {
    /// It does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The thread that starts it died.
    #[error("a thread of the gateway died: {0}")]
    Thread(String),
}

#[cfg(feature = "private-postgres")]
mod built_in {
    use std::path::{Path, PathBuf};
    use std::sync::{Arc, Mutex, PoisonError};

    use secrecy::SecretString;
    use tracing::warn;
    use twostep_private_postgres::PrivatePostgres;
    pub use twostep_private_postgres::StartError;

    use super::PrivateDatabaseError;

    /// The running server; it stops with the last of its clones.
    #[derive(Clone)]
    pub struct PrivateDatabase(Arc<Mutex<PrivatePostgres>>);

    impl PrivateDatabase {
        /// Starts the server that keeps its data in this folder, and makes the data first if there is none.
        ///
        /// # Errors
        /// [`PrivateDatabaseError`], whose text says what to do.
        pub async fn start(data_dir: &Path) -> Result<Self, PrivateDatabaseError> {
            let data_dir = data_dir.to_owned();
            let started = tokio::task::spawn_blocking(move || PrivatePostgres::start(&data_dir)).await;
            let postgres = started.map_err(|error| PrivateDatabaseError::Thread(error.to_string()))??;
            Ok(Self(Arc::new(Mutex::new(postgres))))
        }

        /// How clients connect.
        #[must_use]
        pub fn url(&self) -> SecretString {
            self.with(|postgres| postgres.connection_string().into())
        }

        /// What the server has to say when something is wrong.
        #[must_use]
        pub fn log_file(&self) -> PathBuf {
            self.with(|postgres| postgres.log_file().to_owned())
        }

        /// Starts the server again if it died alone.
        pub async fn restart_if_dead(&self) {
            let database = self.clone();
            let check = move || database.with(PrivatePostgres::restart_if_dead);
            match tokio::task::spawn_blocking(check).await {
                Ok(Ok(true)) => warn!("the private PostgreSQL had died and was started again"),
                Ok(Err(error)) => warn!(%error, "the private PostgreSQL is down and could not be started"),
                Ok(Ok(false)) | Err(_) => {}
            }
        }

        fn with<T>(&self, act: impl FnOnce(&mut PrivatePostgres) -> T) -> T {
            act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }
}

#[cfg(not(feature = "private-postgres"))]
mod left_out {
    use std::path::{Path, PathBuf};

    use secrecy::SecretString;

    use super::PrivateDatabaseError;

    /// There is none.
    #[derive(Clone)]
    pub enum PrivateDatabase {}

    /// Why there is none.
    #[derive(Debug, thiserror::Error)]
    pub enum StartError {
        /// The program was built without it.
        #[error(
            "database.url is unset, and this program was built without the private PostgreSQL: set TWOSTEP__DATABASE__URL \
             to the URL of a server"
        )]
        LeftOut,
        /// Another gateway uses the folder: not said by this program.
        #[error("another gateway uses the private PostgreSQL")]
        InUse {},
    }

    impl PrivateDatabase {
        /// Says what to do instead.
        ///
        /// # Errors
        /// [`PrivateDatabaseError`] always.
        pub async fn start(_: &Path) -> Result<Self, PrivateDatabaseError> {
            Err(StartError::LeftOut.into())
        }

        /// How clients connect.
        #[must_use]
        pub fn url(&self) -> SecretString {
            match *self {}
        }

        /// What the server has to say when something is wrong.
        #[must_use]
        pub fn log_file(&self) -> PathBuf {
            match *self {}
        }

        /// Starts the server again if it died alone.
        pub async fn restart_if_dead(&self) {
            match *self {}
        }
    }
}
