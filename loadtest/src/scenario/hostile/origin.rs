//! Where an attacker comes from and goes to.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::client::Target;
use crate::stage::Stage;

/// Where an attacker comes from and goes to.
pub(super) struct Origin {
    pub(super) target: Arc<Target>,
    pub(super) source: Option<IpAddr>,
}

impl Origin {
    /// That of one of many attackers.
    pub(super) fn of(stage: &Stage, number: u32) -> Self {
        let http = stage.client(number as usize);
        Self { target: Arc::clone(http.target()), source: http.source() }
    }

    /// A connection.
    pub(super) async fn connect(&self) -> std::io::Result<TcpStream> {
        self.target.connect(self.source).await
    }
}
