//! Email addresses.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use sha2::{Digest, Sha256};

/// The longest address that SMTP can carry (RFC 5321 section 4.5.3.1.3, less the angle brackets).
const MAX_BYTES: usize = 254;
/// The longest local part (RFC 5321 section 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// A mailbox in its one form, so that it is one account however it is typed: invisible characters out, letters of full width as ASCII,
/// the local part in NFC and lower case (RFC 6532 section 3.1), the domain by UTS 46 in ASCII (RFC 5890 section 2.3.2.1).
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
    /// Only the shape is checked (one mailbox, a domain that can be looked up, no white space): whether somebody reads it is what
    /// the emailed code finds out.
    ///
    /// # Errors
    /// [`InvalidEmail`] when the text has no such shape or is longer than 254 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        // What is kept is what is checked: in lower case an address may be longer, or have other characters.
        let visible: String = text.chars().filter(|character| !is_invisible(*character)).map(of_usual_width).collect();
        let (local, domain) = visible.trim().rsplit_once('@').ok_or(InvalidEmail)?;
        let local = ComposingNormalizerBorrowed::new_nfc().normalize(&local.to_lowercase()).into_owned();
        let domain = canonical_domain(domain).ok_or(InvalidEmail)?;
        let has_shape = !local.is_empty()
            && local.len() <= MAX_LOCAL_BYTES
            && local.len() + 1 + domain.len() <= MAX_BYTES
            && local.chars().all(is_plain);
        if has_shape && !local.contains('@') { Ok(Self(format!("{local}@{domain}"))) } else { Err(InvalidEmail) }
    }

    /// An address as it was kept: in its one form, or as an earlier version wrote it and nobody could bring it into that.
    #[must_use]
    pub fn kept(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self(text.to_owned()))
    }

    /// The address as SMTP writes it (RFC 5321 section 4.1.2): in quotes what is no sequence of words between dots, which a provider
    /// may have given out all the same.
    #[must_use]
    pub fn on_the_wire(&self) -> String {
        let (local, domain) = self.halves();
        if local.split('.').any(str::is_empty) { format!("\"{local}\"@{domain}") } else { self.0.clone() }
    }

    /// The address itself, for storage and for the mail server.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain, in ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.halves().1
    }

    fn halves(&self) -> (&str, &str) {
        self.0.rsplit_once('@').unwrap_or((&self.0, ""))
    }

    /// Its parts that are expected in a password of its account.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        let (local, domain) = self.halves();
        local.split(['.', '+', '-', '_']).chain(domain.split('.')).chain([local, self.as_str()]).collect()
    }

    /// The address as somebody who already knows it recognises it, the domain in its own letters: `a•••@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.halves();
        let first = local.chars().next().map(String::from).unwrap_or_default();
        format!("{first}•••@{}", idna::domain_to_unicode(domain).0)
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
        let (local, domain) = self.halves();
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

/// Characters that nobody sees and somebody may have pasted along.
fn is_invisible(character: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || CodePointMapData::<GeneralCategory>::new().get(character) == GeneralCategory::Format
}

/// Letters and signs of full width, which East Asian keyboards write, as those of ASCII (Unicode block FF00).
fn of_usual_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        '\u{fe6b}' => '@',
        other => other,
    }
}

/// A domain in ASCII, as DNS and SMTP write it: UTS 46 without transitional processing. `None` when it is none.
fn canonical_domain(domain: &str) -> Option<String> {
    let domain = domain.strip_suffix(['.', '\u{3002}', '\u{ff61}']).unwrap_or(domain);
    idna::domain_to_ascii_strict(domain).ok().filter(|ascii| is_domain(ascii))
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| matches!(label.len(), 1..=63) && !label.starts_with('-') && !label.ends_with('-'))
        && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
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

    #[test]
    fn a_mailbox_is_one_however_it_is_typed() {
        for (typed, kept) in [
            ("anna@bücher.example", "anna@xn--bcher-kva.example"),
            ("anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"),
            ("Anna@BU\u{308}CHER.example.", "anna@xn--bcher-kva.example"),
            ("andre\u{301}@mail.example", "andr\u{e9}@mail.example"),
            ("ANDR\u{c9}@mail.example", "andr\u{e9}@mail.example"),
            ("an\u{200b}na@mail.example", "anna@mail.example"),
            ("\u{202a}anna@mail.example\u{202c}\u{feff}", "anna@mail.example"),
            ("ａｎｎａ＠ｍａｉｌ．ｅｘａｍｐｌｅ", "anna@mail.example"),
            ("anna@mail。example", "anna@mail.example"),
            ("anna@straße.example", "anna@xn--strae-oqa.example"),
            ("\u{130}@example.com", "i\u{307}@example.com"),
        ] {
            let address = EmailAddress::parse(typed).unwrap_or_else(|_| panic!("{typed:?}"));
            assert_eq!(address.as_str(), kept, "{typed:?}");
            assert_eq!(EmailAddress::parse(kept).as_ref(), Ok(&address), "{typed:?}");
        }
        assert_eq!(EmailAddress::parse("anna@xn--bcher-kva.example").expect("valid").masked(), "a•••@bücher.example");
    }

    #[test]
    fn what_cannot_be_looked_up_is_refused() {
        let longer = format!("{}@example.com", "\u{130}".repeat(32));
        for text in ["a@xn--a.example", "a@a_b.example", "a@ex ample.com", "a@", "a@.", "\u{200b}@example.com", &longer]
        {
            assert_eq!(EmailAddress::parse(text), Err(InvalidEmail), "{text:?}");
        }
    }

    #[test]
    fn dots_that_stand_alone_are_written_in_quotes() {
        for (typed, wire) in [
            ("a..b@mail.example", "\"a..b\"@mail.example"),
            ("ab.@mail.example", "\"ab.\"@mail.example"),
            (".ab@mail.example", "\".ab\"@mail.example"),
            ("a.b@mail.example", "a.b@mail.example"),
        ] {
            assert_eq!(EmailAddress::parse(typed).expect("valid").on_the_wire(), wire);
        }
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
