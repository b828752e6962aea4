//! Places: where an IP address seems to be, from MaxMind DB files that the operator brings.
//!
//! A place is approximate: carriers and VPNs put addresses far from the people who use them. Without a file, or for an
//! address that is in none, there is simply no place.

#[cfg(any(test, feature = "fuzzing"))]
#[path = "../../fuzz/properties/geoip.rs"]
pub mod fuzzing;
mod record;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use maxminddb::{MaxMindDbError, Reader};
use tracing::{info, warn};

use record::Record;

/// How often the files are looked at: one that was replaced is read again.
pub const RELOAD_PERIOD: Duration = Duration::from_secs(30);

/// A file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("places.files: {} cannot be used: {source}; it must be a MaxMind DB (.mmdb) with cities or countries", path.display())]
pub struct PlacesError {
    path: PathBuf,
    source: MaxMindDbError,
}

/// The files, as they were last read.
pub struct Places {
    files: Vec<PathBuf>,
    loaded: RwLock<Arc<Vec<Loaded>>>,
}

struct Loaded {
    modified: Option<SystemTime>,
    reader: Option<Reader<Vec<u8>>>,
}

impl Places {
    /// Reads the files. One that is missing or broken is no error: it is said in the log, and looked at again later.
    #[must_use]
    pub fn open(files: Vec<PathBuf>) -> Self {
        let loaded = files.iter().map(|path| load(path)).collect();
        Self { files, loaded: RwLock::new(Arc::new(loaded)) }
    }

    /// Where an address seems to be, for instance `Budapest, Budapest, HU`.
    #[must_use]
    pub fn lookup(&self, ip: IpAddr) -> Option<String> {
        let loaded = Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner));
        loaded.iter().filter_map(|file| file.reader.as_ref()).find_map(|reader| place_in(reader, ip))
    }

    /// Reads again what was replaced since. Blocking.
    pub fn reload(&self) {
        let before = Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner));
        let has_changed = self.files.iter().zip(before.iter()).any(|(path, loaded)| modified(path) != loaded.modified);
        if has_changed {
            let loaded = Arc::new(self.files.iter().map(|path| load(path)).collect());
            *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        }
    }
}

/// An IPv6 address in a file of IPv4 addresses is an error of the crate: there is no place in that file.
fn place_in(reader: &Reader<Vec<u8>>, ip: IpAddr) -> Option<String> {
    let record: Record<'_> = reader.lookup(ip).ok()?.decode().ok()??;
    record.place()
}

/// Proves that a file can be used; says what it is.
///
/// # Errors
/// When it is missing or no MaxMind DB.
pub fn check(path: &Path) -> Result<String, PlacesError> {
    let reader = Reader::open_readfile(path).map_err(|source| PlacesError { path: path.to_owned(), source })?;
    Ok(format!("{}, IPv{}", reader.metadata().database_type, reader.metadata().ip_version))
}

fn load(path: &Path) -> Loaded {
    let modified = modified(path);
    let reader = match Reader::open_readfile(path) {
        Ok(reader) => {
            info!(places.file = %path.display(), "places are read");
            Some(reader)
        }
        Err(error) => {
            warn!(places.file = %path.display(), %error, "a file of places cannot be used; activity is shown without them");
            None
        }
    };
    Loaded { modified, reader }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
