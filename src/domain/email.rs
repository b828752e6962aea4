//! Email addresses.

use sha2::{Digest, Sha256};

/// The longest address that SMTP can carry (RFC 5321 section 4.5.3.1.3, less the angle brackets).
const MAX_BYTES: usize = 254;
/// The longest local part (RFC 5321 section 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// An address, trimmed and in lower case, so that one mailbox is one account.
///
/// `Debug` hides it: addresses never reach a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// The text is not an address that mail can be sent to.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("must be an email address such as name@example.com")]
pub struct InvalidEmail;

impl EmailAddress {
    /// Reads an address.
    ///
    /// Only the shape is checked (one mailbox, a domain, no white space): whether somebody reads it is what
    /// the emailed code finds out.
    ///
    /// # Errors
    /// [`InvalidEmail`] when the text has no such shape or is longer than 254 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        // What is kept is what is checked: in lower case an address may be longer, or have other characters.
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let has_shape = !local.is_empty()
            && local.len() <= MAX_LOCAL_BYTES
            && text.len() <= MAX_BYTES
            && is_domain(domain)
            && text.chars().all(is_plain);
        if has_shape && !local.contains('@') { Ok(Self(text)) } else { Err(InvalidEmail) }
    }

    /// The address itself, for storage and for the mail server.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its parts that are expected in a password of its account.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        local.split(['.', '+', '-', '_']).chain(domain.split('.')).chain([local, self.as_str()]).collect()
    }

    /// The address as somebody who already knows it recognises it: `a•••@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or(("", &self.0));
        let first = local.chars().next().map(String::from).unwrap_or_default();
        format!("{first}•••@{domain}")
    }
}

/// SHA-256 of the mailbox that an address ends in: what mails to it are counted by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MailboxHash([u8; 32]);

impl MailboxHash {
    /// The hash, for storage.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl EmailAddress {
    /// The mailbox that mail to this address ends in, as its provider reads it: without a tag behind `+` (RFC 5233), which most
    /// providers pass over, and for providers that are known for it by their other names, without dots, or with `-` for `+`.
    /// For counting only: whose account it is goes by the address itself.
    #[must_use]
    pub fn mailbox(&self) -> MailboxHash {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let domain = match domain {
            "googlemail.com" => "gmail.com",
            "me.com" | "mac.com" => "icloud.com",
            "protonmail.com" | "pm.me" => "proton.me",
            "ya.ru" | "yandex.com" | "yandex.by" | "yandex.kz" => "yandex.ru",
            other => other,
        };
        let untagged = |local: &str, mark: char| local.split(mark).next().unwrap_or_default().to_owned();
        let base = untagged(local, '+');
        let base = match domain {
            "gmail.com" => base.replace('.', ""),
            "proton.me" => base.replace(['.', '-', '_'], ""),
            "yandex.ru" => base.replace('-', "."),
            "yahoo.com" | "ymail.com" => untagged(&base, '-'),
            _ => base,
        };
        // Nothing before the mark: that is a name of its own.
        let base = if base.is_empty() { local } else { &base };
        MailboxHash(Sha256::digest(format!("{base}@{domain}")).into())
    }
}

impl std::fmt::Debug for EmailAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EmailAddress(hidden)")
    }
}

fn is_plain(character: char) -> bool {
    !character.is_control()
        && !character.is_whitespace()
        && !matches!(character, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '\\' | '"' | '[' | ']')
}

fn is_domain(domain: &str) -> bool {
    domain
        .split('.')
        .all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'))
        && domain.chars().all(|character| character.is_alphanumeric() || matches!(character, '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised() {
        assert_eq!(EmailAddress::parse(" Anna@Example.COM ").expect("valid").as_str(), "anna@example.com");
        assert!(EmailAddress::parse("a+b@mail.example.com").is_ok());
        assert!(EmailAddress::parse("a@localhost").is_ok());
    }

    #[test]
    fn text_that_is_no_address_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "anna",
            "@example.com",
            "a@",
            "a b@example.com",
            "a@b@c.de",
            "a@-x.de",
            "a@x..de",
            "a\r\nBcc: x@example.com",
            "\"a\"@example.com",
            &long,
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
    }

    /// It would be kept, and be no address when it comes back from the database.
    #[test]
    fn an_address_that_is_none_in_lower_case_is_refused() {
        let longer = format!("{}@example.com", "\u{130}".repeat(32));
        for text in ["a@\u{130}.example", &longer] {
            assert_eq!(EmailAddress::parse(text), Err(InvalidEmail), "{text}");
        }
        let kept = EmailAddress::parse("\u{130}@example.com").expect("valid");
        assert_eq!(EmailAddress::parse(kept.as_str()), Ok(kept));
    }

    #[test]
    fn an_address_hides_in_debug_and_in_its_mask() {
        let address = EmailAddress::parse("anna@example.com").expect("valid");
        assert!(!format!("{address:?}").contains("anna"));
        assert_eq!(address.masked(), "a•••@example.com");
    }

    #[test]
    fn one_mailbox_is_counted_as_one_whatever_its_provider_passes_over() {
        let mailbox = |text: &str| EmailAddress::parse(text).expect("valid").mailbox();
        for same in [
            &["anna@example.com", "anna+1@example.com", "anna+a+b@example.com", "ANNA+x@Example.com"][..],
            &["a.n.n.a@gmail.com", "anna@googlemail.com", "an.na+tag@gmail.com"],
            &["anna@icloud.com", "anna+x@me.com"],
            &["an-na@proton.me", "anna@pm.me", "a_nna+1@protonmail.com"],
            &["anna-shop@yahoo.com", "anna@yahoo.com"],
        ] {
            assert!(same.iter().all(|address| mailbox(address) == mailbox(same[0])), "{same:?}");
        }
        for other in ["ann.a@example.com", "anna-x@example.com", "+anna@example.com", "anna@example.org"] {
            assert!(mailbox(other) != mailbox("anna@example.com"), "{other}");
        }
    }
}
