//! Why a gateway did not do what was asked.

use std::io;
use std::path::PathBuf;

/// Why a gateway did not do what was asked. Each text is one line that says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody said where the gateway is.
    #[error("no gateway is named: use --url, for instance --url http://127.0.0.1:9090")]
    NoAddress,
    /// What was named is no address of a gateway.
    #[error("{0:?} is no address of a gateway: use one such as http://127.0.0.1:9090")]
    Url(String),
    /// The configuration leaves the port to the system.
    #[error(
        "operator.address leaves the port to the system: name the gateway with --url; its log says where it listens"
    )]
    AnyPort,
    /// Nothing answers there.
    #[error(
        "{url} does not answer ({why}): start the gateway, or name the operator's address of a running one with --url"
    )]
    Away {
        /// The address that was called.
        url: String,
        /// Why.
        why: String,
    },
    /// What answers there is no operator's side, or that of an older gateway.
    #[error(
        "{url} does not know this command ({status}): name the operator's address with --url, not the public one, and update the gateway if it is older than this program"
    )]
    NotOperator {
        /// The address that was called.
        url: String,
        /// What it answered.
        status: u16,
    },
    /// No account has the address.
    #[error(
        "no account has the address {0}, or its owner has not confirmed it yet: check the spelling. Nothing was changed"
    )]
    UnknownAddress(String),
    /// No account has the subject.
    #[error("no account has the subject {0}: check the spelling. Nothing was changed")]
    UnknownSubject(String),
    /// There is no such thing.
    #[error("there is no {what} with the id {id}")]
    Unknown {
        /// What was named.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The file of the token cannot be read.
    #[error("the operator's token cannot be read from {}: {cause}", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The gateway wants another token, or any.
    #[error(
        "{url} lets nobody in without the operator's token, and {why}: name its file with --token-file, or operator.token_file (TWOSTEP__OPERATOR__TOKEN_FILE)"
    )]
    NotLetIn {
        /// The address that was called.
        url: String,
        /// What is wrong with the token.
        why: String,
    },
    /// The gateway refused.
    #[error("the gateway refused ({status}): {detail}")]
    Refused {
        /// What it answered.
        status: u16,
        /// In its words.
        detail: String,
    },
}
