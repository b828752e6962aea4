//! Who the server runs as. PostgreSQL refuses root, so a gateway that is root lends it an unprivileged user.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::StartError;

const ROOT: u32 = 0;

/// Whom to run PostgreSQL as when the gateway is root and no data says it yet, the best first.
const UNPRIVILEGED: [&str; 3] = ["twostep", "postgres", "nobody"];

/// The user the server and its tools run as.
#[derive(Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    name: String,
    /// The gateway's own user.
    gateway_uid: u32,
}

impl Account {
    /// The gateway's own user; for root the owner of the data in `cluster`, else one from [`UNPRIVILEGED`].
    ///
    /// # Errors
    /// When the gateway is root and there is no unprivileged user.
    pub(super) fn choose(cluster: &Path) -> Result<Self, StartError> {
        let gateway_uid = effective_uid()?;
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let users = || passwd.lines().filter_map(parse_user);
        let as_account = |(name, uid, gid): (&str, u32, u32)| Self { uid, gid, name: name.to_owned(), gateway_uid };

        let uid = match fs::symlink_metadata(cluster) {
            _ if gateway_uid != ROOT => gateway_uid,
            Ok(data) if data.uid() != ROOT => data.uid(),
            _ => {
                let unprivileged = UNPRIVILEGED.iter().find_map(|wanted| users().find(|(name, ..)| name == wanted));
                return unprivileged.map(as_account).ok_or(StartError::NoUnprivilegedUser);
            }
        };
        let known = users().find(|(_, known_uid, _)| *known_uid == uid).map(as_account);
        // Users of a directory service are in no file: PostgreSQL finds them itself, and the number names them here.
        Ok(known.unwrap_or(Self { uid, gid: uid, name: uid.to_string(), gateway_uid }))
    }

    /// The name, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The primary group.
    pub(super) fn gid(&self) -> u32 {
        self.gid
    }

    /// Whether the server runs as somebody other than the gateway.
    pub(super) fn is_lent(&self) -> bool {
        self.uid != self.gateway_uid
    }

    /// Whether a file belongs to this user.
    pub(super) fn owns(&self, file: &Metadata) -> bool {
        file.uid() == self.uid
    }

    /// Whether a file belongs to this user or to the gateway's.
    pub(super) fn may_trust(&self, file: &Metadata) -> bool {
        self.owns(file) || file.uid() == self.gateway_uid
    }

    /// Makes this user the owner of what the gateway created; links are not followed.
    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        if self.is_lent() { lchown(path, Some(self.uid), Some(self.gid)) } else { Ok(()) }
    }

    /// Whether this user gets into the directory. Asked of the system, which also knows of access lists.
    pub(super) fn can_enter(&self, directory: &Path) -> bool {
        self.command("/bin/sh").args(["-c", ":"]).current_dir(directory).status().is_ok_and(|status| status.success())
    }

    /// A command that runs as this user.
    ///
    /// It gets none of the gateway's environment: `PG…` variables would redirect the tools, and the gateway's
    /// secrets would be open to the user's other processes. Its own process group keeps Ctrl-C from it: the
    /// gateway drains first and stops the server last. Its streams lead nowhere unless the caller says so.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("LC_ALL", "C").env("TZ", "UTC");
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if self.is_lent() {
            command.uid(self.uid).gid(self.gid); // root's supplementary groups go with it
        }
        command
    }
}

/// `name:password:uid:gid:…`, a line of passwd(5).
fn parse_user(line: &str) -> Option<(&str, u32, u32)> {
    let mut fields = line.split(':');
    let name = fields.next()?;
    let _password = fields.next()?;
    Some((name, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The standard library has no `geteuid`.
fn effective_uid() -> Result<u32, StartError> {
    let output = Command::new("id").arg("-u").output().map_err(StartError::spawn("id"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|error| StartError::spawn("id")(io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use super::parse_user;

    #[test]
    fn a_line_of_passwd_gives_name_user_and_group() {
        assert_eq!(
            parse_user("postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash"),
            Some(("postgres", 101, 104))
        );
        assert_eq!(parse_user("# a comment"), None);
    }
}
