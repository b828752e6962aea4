//! Keys of apps' servers: what each may do.

use jiff::Timestamp;

use crate::domain::account::subject::Subject;
use crate::domain::value::id::ApiKeyId;
use crate::domain::value::string_enum::words;

words! {
    /// What a key may be used for.
    Scope("scope") {
        /// Begin verifications.
        VerificationsWrite = "verifications:write",
        /// See how verifications stand.
        VerificationsRead = "verifications:read",
        /// Change, connect and delete subjects.
        SubjectsWrite = "subjects:write",
        /// See and export subjects.
        SubjectsRead = "subjects:read",
    }
}

/// A key, without its secret.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// As people call it.
    pub name: String,
    /// Whom the assertions are for that it asks for (RFC 7519 section 4.1.3).
    pub audience: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The subjects that it is for: those that begin so; `None`: all.
    pub subject_prefix: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute; `None` when it never was.
    pub last_used_at: Option<Timestamp>,
    /// When it ends or ended; `None` while nobody said so.
    pub ends_at: Option<Timestamp>,
    /// It may be used now, by the database's clock.
    pub is_good: bool,
}

impl ApiKey {
    /// Whether it may be used for something.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether a subject is one of those that it is for.
    #[must_use]
    pub fn is_for(&self, subject: &Subject) -> bool {
        self.subject_prefix.as_ref().is_none_or(|prefix| subject.as_str().starts_with(prefix))
    }
}
