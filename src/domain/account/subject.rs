//! Subjects: users of apps that keep accounts of their own.

/// Longest subject in bytes, as long as OpenID Connect Core 1.0 section 2 lets a `sub` claim be.
const MAX_BYTES: usize = 255;

/// An app's own id of a user: stable, and nobody else's. `Debug` hides it: it may be an address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

/// The text is no subject.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("must be 1 to {MAX_BYTES} letters (a to z), digits or characters of `-_.:@+|~=`")]
pub struct InvalidSubject;

impl Subject {
    /// Reads a subject. It stands in paths of URLs, hence no other characters.
    ///
    /// # Errors
    /// [`InvalidSubject`].
    pub fn parse(text: &str) -> Result<Self, InvalidSubject> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:@+|~=".contains(&byte);
        // `.` and `..` are steps in a path, and no names.
        let fits = (1..=MAX_BYTES).contains(&text.len()) && text.bytes().all(is_plain) && !matches!(text, "." | "..");
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidSubject) }
    }

    /// The id itself, for storage and for the app.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Subject(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_usual_kinds_are_subjects_and_nothing_else_is() {
        for good in ["1", "auth0|5f7c8ec7", "ann@example.com", "0198c0de-0000-7000-8000-000000000000", "a=b~c:d+e_f.g"]
        {
            assert_eq!(Subject::parse(good).map(|subject| subject.as_str().to_owned()), Ok(good.to_owned()));
        }
        for bad in ["", ".", "..", "a b", "a/b", "é", "a\n", "a%2Fb", &"a".repeat(256)] {
            assert_eq!(Subject::parse(bad), Err(InvalidSubject), "{bad}");
        }
    }
}
