//! The live connections of one account: one a device, the newest wins.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::super::messages::{Attach, Outgoing, ToConnection};
use crate::bus::CLOCKS_DIFFER;
use crate::domain::account::locale::Language;
use crate::domain::device::session::ActiveSession;
use crate::domain::value::id::{ChallengeId, ConnectionId, DeviceId, SessionId};
use crate::websocket_protocol::close::CloseReason;

/// The connections, by device.
#[derive(Default)]
pub(super) struct Connections {
    live: HashMap<DeviceId, Live>,
    /// Challenges that closed while steps were under way: what such a step read before still says that they are open.
    just_closed: HashSet<ChallengeId>,
}

struct Live {
    connection_id: ConnectionId,
    session_id: SessionId,
    to: ToConnection,
    /// The language of what it is told in words.
    language: Language,
    /// `None` once welcomed; before, what came meanwhile waits here, so that the welcome is first.
    waiting: Option<Vec<Arc<str>>>,
    /// Codes already sent over this connection.
    shown: HashSet<(ChallengeId, u32)>,
}

impl Live {
    fn send(&mut self, text: &Arc<str>) -> bool {
        match &mut self.waiting {
            Some(waiting) => {
                waiting.push(Arc::clone(text));
                true
            }
            None => self.to.send(Outgoing::Text(Arc::clone(text))),
        }
    }
}

impl Connections {
    pub(super) fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Registers a connection; an older one of the device is told that it was replaced.
    pub(super) fn insert(&mut self, attach: &Attach) {
        let live = Live {
            connection_id: attach.connection_id,
            session_id: attach.session_id,
            to: attach.to.clone(),
            language: attach.language,
            waiting: Some(Vec::new()),
            shown: HashSet::new(),
        };
        if let Some(older) = self.live.insert(attach.device_id, live) {
            older.to.send(Outgoing::Close(CloseReason::Replaced));
        }
    }

    /// Sends the welcome and what waited for it. `false` when the connection is gone.
    pub(super) fn make_ready(&mut self, device: DeviceId, connection: ConnectionId, welcome: &Arc<str>) -> bool {
        let Some(live) = self.current(device, connection) else { return false };
        let waited = live.waiting.take().unwrap_or_default();
        let is_open =
            std::iter::once(welcome).chain(&waited).all(|text| live.to.send(Outgoing::Text(Arc::clone(text))));
        self.keep_if(device, is_open)
    }

    /// Sends a code unless this connection had it, or a newer one. `false` when the device has no connection or had it, and when
    /// the challenge is over.
    pub(super) fn show(&mut self, device: DeviceId, challenge: ChallengeId, generation: u32, text: &Arc<str>) -> bool {
        if self.just_closed.contains(&challenge) {
            return false;
        }
        let Some(live) = self.live.get_mut(&device) else { return false };
        let is_newer = |(shown, newer): &(ChallengeId, u32)| *shown == challenge && *newer > generation;
        if live.shown.iter().any(is_newer) || !live.shown.insert((challenge, generation)) {
            return false;
        }
        let is_open = live.send(text);
        self.keep_if(device, is_open)
    }

    /// Whether this code was sent to the device over its present connection.
    pub(super) fn was_shown(&self, device: DeviceId, challenge: ChallengeId, generation: u32) -> bool {
        self.live.get(&device).is_some_and(|live| live.shown.contains(&(challenge, generation)))
    }

    /// Whether a code of this challenge was sent over a present connection.
    pub(super) fn shows(&self, challenge: ChallengeId) -> bool {
        self.live.values().any(|live| live.shown.iter().any(|(shown, _)| *shown == challenge))
    }

    /// The session of a device's connection; `None` when it has no connection any more.
    pub(super) fn session_of(&self, device: DeviceId) -> Option<SessionId> {
        self.live.get(&device).map(|live| live.session_id)
    }

    /// Every connection with its device and its session.
    pub(super) fn all(&self) -> Vec<(DeviceId, ConnectionId, SessionId)> {
        self.live.iter().map(|(device, live)| (*device, live.connection_id, live.session_id)).collect()
    }

    /// The device has a newer connection on another node. Ids sort by time, so of two connections one stays; one of the future is
    /// nobody's.
    pub(super) fn replace_older(&mut self, device: DeviceId, newer: ConnectionId) {
        if is_of_the_future(newer) {
            return;
        }
        if self.live.get(&device).is_some_and(|live| live.connection_id < newer) {
            self.close_device(device, CloseReason::Replaced);
        }
    }

    pub(super) fn send_to_all(&mut self, text: &Arc<str>) {
        self.live.retain(|_, live| live.send(text));
    }

    /// Sends everybody a message that has words in it.
    pub(super) fn send_in_each_language(&mut self, text: impl Fn(Language) -> Arc<str>) {
        self.live.retain(|_, live| live.send(&text(live.language)));
    }

    pub(super) fn set_language(&mut self, device: DeviceId, language: Language) {
        if let Some(live) = self.live.get_mut(&device) {
            live.language = language;
        }
    }

    pub(super) fn close_challenge(&mut self, challenge: ChallengeId) {
        self.just_closed.insert(challenge);
        for live in self.live.values_mut() {
            live.shown.retain(|(shown, _)| *shown != challenge);
        }
    }

    /// No step is under way any more: every later one reads what is true now.
    pub(super) fn forget_closed_challenges(&mut self) {
        self.just_closed.clear();
    }

    /// Closes one connection, if it still is the device's.
    pub(super) fn close(&mut self, device: DeviceId, connection: ConnectionId, reason: CloseReason) {
        if self.current(device, connection).is_some() {
            self.close_device(device, reason);
        }
    }

    pub(super) fn close_device(&mut self, device: DeviceId, reason: CloseReason) {
        if let Some(live) = self.live.remove(&device) {
            live.to.send(Outgoing::Close(reason));
        }
    }

    pub(super) fn remove_device(&mut self, device: DeviceId) {
        self.close_device(device, CloseReason::DeviceRemoved);
    }

    pub(super) fn end_session(&mut self, session: SessionId) {
        let ended: Vec<DeviceId> =
            self.live.iter().filter(|(_, live)| live.session_id == session).map(|(device, _)| *device).collect();
        for device in ended {
            self.close_device(device, CloseReason::SessionEnded);
        }
    }

    /// A new access token: the same session goes on, or the connection moves to the device's newer one.
    pub(super) fn renew(&mut self, session: &ActiveSession) {
        if let Some(live) = self.live.get_mut(&session.device_id) {
            live.session_id = session.session_id;
            live.to.send(Outgoing::Expires(session.access_expires_at));
        }
    }

    /// Forgets a connection, only if it still is the device's.
    pub(super) fn remove(&mut self, device: DeviceId, connection: ConnectionId) {
        if self.current(device, connection).is_some() {
            self.live.remove(&device);
        }
    }

    pub(super) fn take_all(&mut self) -> Vec<ToConnection> {
        self.live.drain().map(|(_, live)| live.to).collect()
    }

    fn current(&mut self, device: DeviceId, connection: ConnectionId) -> Option<&mut Live> {
        self.live.get_mut(&device).filter(|live| live.connection_id == connection)
    }

    fn keep_if(&mut self, device: DeviceId, is_open: bool) -> bool {
        if !is_open {
            self.live.remove(&device);
        }
        is_open
    }
}

/// Whether an id was made later than clocks of nodes differ ([`crate::bus::CLOCKS_DIFFER`]).
fn is_of_the_future(connection: ConnectionId) -> bool {
    let made = connection.uuid().get_timestamp().map_or(u64::MAX, |timestamp| timestamp.to_unix().0);
    let latest = Timestamp::now().saturating_add(CLOCKS_DIFFER).map_or(i64::MAX, Timestamp::as_second);
    made > u64::try_from(latest).unwrap_or_default()
}
