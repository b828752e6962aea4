//! When devices were connected: written down where it decides whether a code may go by email.

use std::sync::Arc;

use actix::Context;
use tracing::error;

use super::User;
use crate::domain::value::id::{ConnectionId, DeviceId};
use crate::store::{self, StoreError};

impl User {
    /// The device connected here.
    pub(super) fn note_connected(&mut self, device: DeviceId, connection: ConnectionId, context: &mut Context<Self>) {
        if !self.services.use_cases.core.notes_presence() {
            return;
        }
        let services = Arc::clone(&self.services);
        let account = self.account;
        let note = async move {
            let store = &services.store;
            let node = services.node;
            store.run(async |db| store::device::note_connected(db, account, device, node, connection).await).await
        };
        self.run(context, note, |_, noted, _| log(noted));
    }

    /// A connection of the device ended. A node that goes away says so for all that it still holds.
    pub(super) fn note_gone(&mut self, device: DeviceId, connection: ConnectionId, context: &mut Context<Self>) {
        if !self.services.use_cases.core.notes_presence() {
            return;
        }
        let services = Arc::clone(&self.services);
        let account = self.account;
        let note = async move {
            let store = &services.store;
            store.run(async |db| store::device::note_gone(db, account, device, connection).await).await
        };
        self.run(context, note, |_, noted, _| log(noted));
    }
}

fn log(noted: Result<(), StoreError>) {
    if let Err(error) = noted {
        error!(error = &error as &dyn std::error::Error, "when a device was connected was not written down");
    }
}
