//! One host after the other: a URL may name several, of which one takes writes (`target_session_attrs=read-write`).
//!
//! The time for a connection is shared among the hosts that are left to try, and that of a host among the addresses that its name has,
//! or one that is silent would use up what the others need. The host and the address that answered last time are asked first.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::Connect;
use futures_util::future::{BoxFuture, FutureExt, pending};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, LoadBalanceHosts};
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How the addresses of a name are found, with the port that they are for.
type Lookup = fn(String, u16) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
/// A connection, and the task that drives it.
type Connected = (Client, JoinHandle<()>);

/// Connects to the first host that does.
pub(in crate::store) struct HostByHost {
    hosts: Arc<[Config]>,
    tls: MakeRustlsConnect,
    /// How long a connection may take.
    wait: Duration,
    /// The host that answered last time.
    good: Arc<AtomicUsize>,
    /// The address that answered last time, of those that a name has.
    good_address: Mutex<Option<IpAddr>>,
    lookup: Lookup,
    /// Each connection begins with any host (`load_balance_hosts=random`).
    is_balanced: bool,
}

impl HostByHost {
    pub(in crate::store) fn new(config: &Config, tls: MakeRustlsConnect, wait: Duration) -> Self {
        let count = config.get_hosts().len().max(config.get_hostaddrs().len());
        let hosts = (0..count).map(|host| only(config, host)).collect();
        let is_balanced = config.get_load_balance_hosts() == LoadBalanceHosts::Random;
        Self { hosts, tls, wait, good: Arc::default(), good_address: Mutex::default(), lookup, is_balanced }
    }

    /// Connects to the first address of a host that answers in its share of the time; `None` when all are silent.
    async fn one_host(&self, host: &Config, share: Duration) -> Result<Option<Connected>, Error> {
        let until = Instant::now() + share;
        // A silent server of names leaves nothing to try.
        let places = timeout(share, self.places(host)).await.unwrap_or_default();
        let mut refusal = None;
        for (nth, place) in places.iter().enumerate() {
            let left = until.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(places.len() - nth).unwrap_or(u32::MAX);
            match timeout(share, place.connect(self.tls.clone())).await {
                Ok(Ok((client, connection))) => {
                    *self.good_address.lock().unwrap_or_else(PoisonError::into_inner) =
                        place.get_hostaddrs().first().copied();
                    // How it ends is seen by who uses the client.
                    return Ok(Some((client, tokio::spawn(async move { drop(connection.await) }))));
                }
                Ok(Err(error)) => refusal = Some(error),
                Err(_) => {}
            }
        }
        refusal.map_or(Ok(None), Err)
    }

    /// The same host at each of the addresses that its name has.
    async fn places(&self, host: &Config) -> Vec<Config> {
        let ([Host::Tcp(name)], []) = (host.get_hosts(), host.get_hostaddrs()) else { return vec![host.clone()] };
        let port = host.get_ports().first().copied().unwrap_or(5432);
        // What is wrong with the name is said by who connects to it.
        let Ok(mut addresses) = (self.lookup)(name.clone(), port).await else { return vec![host.clone()] };
        let good = *self.good_address.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.sort_by_key(|address| Some(*address) != good);
        let at = |address| {
            let mut place = host.clone();
            place.hostaddr(address);
            place
        };
        addresses.into_iter().map(at).collect()
    }
}

/// As the system knows them.
fn lookup(name: String, port: u16) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
    async move { Ok(tokio::net::lookup_host((name, port)).await?.map(|address| address.ip()).collect()) }.boxed()
}

impl Connect for HostByHost {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<Connected, Error>> {
        async move {
            let until = Instant::now() + self.wait;
            let count = self.hosts.len();
            let good = self.good.load(Ordering::Relaxed);
            let first = if self.is_balanced { rand::random_range(0..count) } else { good };
            let mut refusal = None;
            for nth in 0..count {
                let host = (first + nth) % count;
                let left = until.saturating_duration_since(Instant::now());
                let share = left / u32::try_from(count - nth).unwrap_or(u32::MAX);
                match self.one_host(&self.hosts[host], share).await {
                    Ok(Some(connected)) => {
                        self.good.store(host, Ordering::Relaxed);
                        return Ok(connected);
                    }
                    Ok(None) => {}
                    Err(error) => refusal = Some(error),
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
            Host::Tcp(name) => one.host(name),
            Host::Unix(path) => one.host_path(path),
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
    use tokio::net::TcpListener;

    use super::*;

    /// The first of the two addresses takes connections and says nothing; the other ends them.
    #[tokio::test]
    async fn a_silent_address_of_a_name_leaves_time_for_the_others() {
        let answers = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = answers.local_addr().expect("an address").port();
        let _silent = TcpListener::bind(("127.0.0.2", port)).await.expect("the same port");
        let ends = tokio::spawn(async move { drop(answers.accept().await.expect("somebody came")) });
        let config: Config =
            format!("host=db.example port={port} user=u dbname=d sslmode=disable").parse().expect("read");
        let roots = rustls::RootCertStore::empty();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let mut hosts = HostByHost::new(&config, MakeRustlsConnect::new(tls), Duration::from_millis(400));
        hosts.lookup = |name, _| {
            assert_eq!(name, "db.example");
            async { Ok(vec!["127.0.0.2".parse().expect("one"), "127.0.0.1".parse().expect("another")]) }.boxed()
        };
        let connecting = timeout(Duration::from_secs(60), hosts.connect(&config)).await;
        assert!(connecting.expect("not only the silent one is asked").is_err());
        ends.await.expect("the other one was reached");
    }

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
