//! One host after the other: a URL may name several, of which one takes writes (`target_session_attrs=read-write`).
//!
//! The time for a connection is shared among the hosts that are left to try, or one that is silent would use up what the others
//! need. The host that answered last time is asked first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use deadpool_postgres::Connect;
use futures_util::future::{BoxFuture, FutureExt, pending};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::LoadBalanceHosts;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Connects to the first host that does.
pub(super) struct HostByHost {
    hosts: Arc<[Config]>,
    tls: MakeRustlsConnect,
    /// How long a connection may take.
    wait: Duration,
    /// The host that answered last time.
    good: Arc<AtomicUsize>,
    /// Each connection begins with any host (`load_balance_hosts=random`).
    is_balanced: bool,
}

impl HostByHost {
    pub(super) fn new(config: &Config, tls: MakeRustlsConnect, wait: Duration) -> Self {
        let count = config.get_hosts().len().max(config.get_hostaddrs().len());
        let hosts = (0..count).map(|host| only(config, host)).collect();
        let is_balanced = config.get_load_balance_hosts() == LoadBalanceHosts::Random;
        Self { hosts, tls, wait, good: Arc::default(), is_balanced }
    }
}

impl Connect for HostByHost {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        async move {
            let (until, count) = (Instant::now() + self.wait, self.hosts.len());
            let good = self.good.load(Ordering::Relaxed);
            let first = if self.is_balanced { rand::random_range(0..count) } else { good };
            let mut refusal = None;
            for nth in 0..count {
                let host = (first + nth) % count;
                let left = until.saturating_duration_since(Instant::now());
                let share = left / u32::try_from(count - nth).unwrap_or(u32::MAX);
                match timeout(share, self.hosts[host].connect(self.tls.clone())).await {
                    Ok(Ok((client, connection))) => {
                        self.good.store(host, Ordering::Relaxed);
                        // How it ends is seen by who uses the client.
                        return Ok((client, tokio::spawn(async move { drop(connection.await) })));
                    }
                    Ok(Err(error)) => refusal = Some(error),
                    Err(_) => {}
                }
            }
            match refusal {
                Some(error) => Err(error),
                // All are silent: the pool's own time is over by now as well, and it says so.
                None => pending().await,
            }
        }
        .boxed()
    }
}

/// The same with one of the hosts alone.
fn only(config: &Config, host: usize) -> Config {
    let mut one = Config::new();
    if let Some(name) = config.get_hosts().get(host) {
        match name {
            tokio_postgres::config::Host::Tcp(name) => one.host(name),
            tokio_postgres::config::Host::Unix(path) => one.host_path(path),
        };
    }
    config.get_hostaddrs().get(host).map(|address| one.hostaddr(*address));
    let ports = config.get_ports();
    ports.get(host).or(ports.first()).map(|port| one.port(*port));
    config.get_user().map(|user| one.user(user));
    config.get_password().map(|password| one.password(password));
    config.get_dbname().map(|name| one.dbname(name));
    config.get_options().map(|options| one.options(options));
    config.get_application_name().map(|name| one.application_name(name));
    config.get_connect_timeout().map(|time| one.connect_timeout(*time));
    config.get_tcp_user_timeout().map(|time| one.tcp_user_timeout(*time));
    config.get_keepalives_interval().map(|time| one.keepalives_interval(time));
    config.get_keepalives_retries().map(|count| one.keepalives_retries(count));
    one.keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding());
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_keeps_what_belongs_to_it() {
        let config: Config =
            "host=a,/run/b,c hostaddr=10.0.0.1,10.0.0.2,10.0.0.3 port=1,2,3 user=u password=p dbname=d \
            target_session_attrs=read-write"
                .parse()
                .expect("read");
        for (host, (name, address, port)) in
            [("a", "10.0.0.1", 1), ("/run/b", "10.0.0.2", 2), ("c", "10.0.0.3", 3)].into_iter().enumerate()
        {
            let expected: Config = format!(
                "host={name} hostaddr={address} port={port} user=u password=p dbname=d target_session_attrs=read-write"
            )
            .parse()
            .expect("read");
            assert_eq!(only(&config, host), expected);
        }
        let one_port: Config = "host=a,b port=7".parse().expect("read");
        assert_eq!(only(&one_port, 1).get_ports(), [7]);
    }
}
