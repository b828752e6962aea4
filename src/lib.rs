//! Twostep: a self-hosted two-step verification gateway.
//!
//! # A tour
//!
//! A request of a device comes in at the listener ([`twostep_front`], a crate of its own) and reaches a handler in [`http`], by audience. The handler parses, calls one use case
//! of [`service`], and maps the answer. A use case asks the rules in [`domain`], makes one transaction in [`store`], and publishes on the
//! [`bus`] what it committed.
//!
//! From the bus the fact reaches the account's user actor in [`actors`], if it has one on this node. The actor holds the account's live
//! connections, which [`websocket`] drives, and carries out what the delivery ladder says ([`domain::delivery::ladder`]): show the code,
//! wait for a receipt, push through [`providers`]. What runs by itself is in [`jobs`]: whatever a lost node left is taken up there.
//!
//! [`settings`] are read first, [`app`] makes every part of them and takes them down in order, and [`cli`] holds the commands of
//! `twostep`. Words that people read come from [`i18n`], places from [`geoip`].
//!
//! # Where to change what
//!
//! | to change | look in |
//! | --- | --- |
//! | how a code reaches a device | [`domain::delivery::ladder`], carried out by `actors::user::deliver` |
//! | how long a step waits (receipt window, presence) | `config/default.toml`; timed in `actors::user::deliver`, made due in `actors::user::record` |
//! | how often codes may be guessed or sent | `domain::challenge::guess_budget`, `domain::challenge::send_quota` |
//! | what a mail or push that brings a code says | `locales/*/mails.ftl`, `pushes.ftl`, chosen in [`i18n`] |
//! | what a mail, push or alert about an event says | `locales/*/notices.ftl`, chosen in [`i18n`] |
//! | what a hint or an error on a page says | the other files of `locales/` |
//! | a call of the HTTP API | [`http`], then [`service`] |
//! | a message on the WebSocket | [`websocket_protocol`] |
//! | a statement | `sql/queries`, used in [`store`] |
//! | a bound on connections, memory, HTTP/2 streams | `crates/front`: `open_connections.rs`, `memory.rs`, `http2.rs` |
//!
//! docs/architecture.md walks through three journeys, and docs/decisions says why things are as they are.

pub mod actors;
pub mod app;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod domain;
#[cfg(any(test, feature = "fuzzing"))]
#[path = "../fuzz/properties/mod.rs"]
pub mod fuzzing;
pub mod geoip;
pub mod http;
pub mod i18n;
pub mod jobs;
pub mod outbound;
pub mod providers;
pub mod service;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod websocket;
pub mod websocket_protocol;
