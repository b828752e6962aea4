//! The service that people sign in to.

/// For whom mails speak.
#[derive(Debug, Clone)]
pub struct Service {
    /// What it is called.
    pub name: String,
    /// The address of the Login Security page, if mails lead there.
    pub page_url: Option<String>,
    /// Where people find help: an address, a number, a page.
    pub support: Option<String>,
}
