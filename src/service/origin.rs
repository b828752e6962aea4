//! Where a request came from.

use std::net::IpAddr;

use uuid::Uuid;

use crate::domain::account::locale::Locale;
use crate::domain::delivery::Requester;
use crate::domain::device::{DeviceInfo, Platform};
use crate::domain::value::id::InstallId;

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The client's address, which may be claimed: by a proxy's header, or by an app's server.
    pub ip: IpAddr,
    /// No limit by network holds for it. That is a fact about how the request came, decided once where it is read (a direct
    /// connection from this machine that speaks for nobody else, in development): never conclude it from `ip`.
    pub is_exempt: bool,
    /// Where it seems to be.
    pub location: Option<String>,
    /// The language that it likes best of those that there are texts in.
    pub locale: Option<Locale>,
}

impl Origin {
    /// Somebody of whom no more is known than from where they come.
    #[must_use]
    pub fn somebody(&self) -> Requester {
        let nothing = String::new;
        let device = DeviceInfo {
            install_id: InstallId::new(Uuid::nil()),
            name: nothing(),
            model: nothing(),
            platform: Platform::Other,
            os_version: nothing(),
            app_version: nothing(),
            locale: None,
            time_zone: None,
        };
        self.requester(device.cleaned())
    }

    /// The device that asks, from here. One that does not say which language it reads reads what the request likes.
    #[must_use]
    pub fn requester(&self, mut device: DeviceInfo) -> Requester {
        device.locale = device.locale.or_else(|| self.locale.clone());
        Requester { device, ip: self.ip.to_string(), location: self.location.clone(), acting: None }
    }
}
