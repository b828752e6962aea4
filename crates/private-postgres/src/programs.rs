//! Finding PostgreSQL's server programs on the machine.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::env;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::account::Account;
use super::error::StartError;

/// The major versions the gateway is tested with.
const SUPPORTED: RangeInclusive<u32> = 15..=18;

/// Where packages put the programs: below a parent, in each directory with a prefix, in a subdirectory.
const USUAL_PLACES: [(&str, &str, &str); 9] = [
    ("/usr/lib/postgresql", "", "bin"),                          // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                                   // PostgreSQL's own RPMs
    ("/usr/lib", "postgresql", "bin"),                           // openSUSE
    ("/usr/libexec", "postgresql", ""),                          // Alpine
    ("/opt/homebrew/opt", "postgresql@", "bin"),                 // Homebrew, Apple silicon
    ("/usr/local/opt", "postgresql@", "bin"),                    // Homebrew, Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),    // Homebrew, Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"), // Postgres.app
    ("/usr/local", "pgsql", "bin"),                              // built from source
];

/// How to install the programs, by the package manager that is there.
const INSTALLERS: [(&str, &str); 6] = [
    ("/usr/bin/apt-get", "sudo apt-get install postgresql"),
    ("/usr/bin/dnf", "sudo dnf install postgresql-server"),
    ("/sbin/apk", "sudo apk add postgresql"),
    ("/usr/bin/pacman", "sudo pacman -S postgresql"),
    ("/opt/homebrew/bin/brew", "brew install postgresql@17"),
    ("/usr/local/bin/brew", "brew install postgresql@17"),
];

/// A directory with `initdb`, `postgres` and `pg_ctl`, all of one version.
#[derive(Debug)]
pub(super) struct Programs {
    directory: PathBuf,
    major: u32,
}

impl Programs {
    /// The programs for the data in `cluster`, made by version `made_by`; the newest ones when there is no data yet.
    /// `PG_BIN`, where set, is the only place looked at.
    ///
    /// # Errors
    /// When there are none, or none of the version that made the data.
    pub(super) fn find(account: &Account, cluster: &Path, made_by: Option<u32>) -> Result<Self, StartError> {
        if let Some(made_by) = made_by.filter(|major| !SUPPORTED.contains(major)) {
            return Err(StartError::UnsupportedMajor { cluster: cluster.to_owned(), made_by });
        }
        let pg_bin = env::var_os("PG_BIN").filter(|value| !value.is_empty()).map(PathBuf::from);
        let places = pg_bin.clone().map_or_else(|| usual_places(account), |directory| vec![directory]);
        let mut found: Vec<Self> = places.into_iter().filter_map(|directory| Self::probe(directory, account)).collect();
        found.sort_by_key(|programs| Reverse(programs.major)); // the first place stays first among equals

        let Some(newest) = found.first() else {
            return Err(match pg_bin {
                Some(directory) => StartError::PgBin { directory, user: account.name().to_owned() },
                None => StartError::NoServerPrograms { install: install_command() },
            });
        };
        let major = made_by.unwrap_or(newest.major);
        let installed = majors(&found);
        let other_major = || StartError::OtherMajor { cluster: cluster.to_owned(), made_by: major, installed };
        found.into_iter().find(|programs| programs.major == major).ok_or_else(other_major)
    }

    /// The major version, such as 17.
    pub(super) fn major(&self) -> u32 {
        self.major
    }

    /// Makes a cluster.
    pub(super) fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    /// The server.
    pub(super) fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    /// Stops the server.
    pub(super) fn pg_ctl(&self) -> PathBuf {
        self.directory.join("pg_ctl")
    }

    /// What is in `directory`, if it is complete, supported and can be run by the server's user.
    fn probe(directory: PathBuf, account: &Account) -> Option<Self> {
        let programs = Self { directory, major: 0 };
        if ![programs.initdb(), programs.postgres(), programs.pg_ctl()].iter().all(|program| program.is_file()) {
            return None;
        }
        let output = account.command(programs.postgres()).arg("--version").stdout(Stdio::piped()).output().ok()?;
        let major = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        SUPPORTED.contains(&major).then_some(Self { major, ..programs })
    }
}

/// The major version in what `postgres --version` prints: `postgres (PostgreSQL) 17.5 (Debian …)`, `… 18beta1`.
fn parse_version(text: &str) -> Option<u32> {
    let version = text.split_whitespace().nth(2)?;
    version.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

fn majors(found: &[Programs]) -> String {
    let mut majors: Vec<String> = found.iter().map(|programs| programs.major.to_string()).collect();
    majors.dedup();
    majors.join(", ")
}

fn usual_places(account: &Account) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for (parent, prefix, subdirectory) in USUAL_PLACES {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                places.push(entry.path().join(subdirectory));
            }
        }
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = env::split_paths(&path).filter(|directory| directory.is_absolute()).collect();
    places.extend(on_path.iter().filter_map(|directory| ask_pg_config(directory, account)));
    places.extend(on_path);
    places.push("/usr/bin".into()); // Fedora, Arch
    let mut seen = HashSet::new();
    places.retain(|place| seen.insert(place.clone()));
    places
}

/// Where the `pg_config` of this directory says that the programs are.
fn ask_pg_config(directory: &Path, account: &Account) -> Option<PathBuf> {
    let program = directory.join("pg_config");
    if !program.is_file() {
        return None;
    }
    let output = account.command(program).arg("--bindir").stdout(Stdio::piped()).output().ok()?;
    let answer = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    answer.is_absolute().then_some(answer)
}

fn install_command() -> &'static str {
    INSTALLERS
        .iter()
        .find(|(installer, _)| Path::new(installer).exists())
        .map_or("with your system's package manager", |(_, command)| *command)
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn major_version_is_read_from_releases_and_betas() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_version("postgres: unknown option\n"), None);
        assert_eq!(parse_version(""), None);
    }
}
