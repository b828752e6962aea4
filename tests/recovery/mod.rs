//! Ways back into an account (design section 15), and those that must lead nowhere.

mod addresses;
mod authenticator;
mod codes;
mod last_resort;
mod passwords;
