//! Requests of HTTP/2 that never send their bodies. Their heads name one large field, which HPACK (RFC 7541) sends once for each
//! connection and a server keeps for each request.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use super::attack::{Attack, wait};
use super::options::Options;
use super::part::{MOST_TIMES_SLOWER, Memory, Part};
use super::tally::Tally;
use super::tunnel::{Certificate, Tunnel, address, connect};
use crate::accounts::Wanted;
use crate::crowd::{Crowd, Way};
use crate::machine::Sampler;
use crate::report::{Check, Report, Run};
use crate::scenario::stream::Stream;
use crate::stage::Stage;

/// Where the attack comes from: one client, who is nobody else.
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 77, 1);
/// Bytes of the field: the largest that `h2` puts into a table of 4,096. It is named twice, as 8 KiB are the most that a head may have.
const FIELD_BYTES: usize = 3000;
/// A request that was refused or answered is made again after this.
const AGAIN: Duration = Duration::from_secs(20);
/// Memory may grow by this much meanwhile.
const MOST_MIB_MORE: f64 = 300.0;

/// Runs that part: at a gateway of its own, as only one that speaks TLS speaks HTTP/2.
///
/// # Errors
/// When the gateway does not start or answer.
pub(super) async fn run(stage: &Stage, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let certificate = Certificate::new()?;
    let gateway = stage.spawned()?.with(certificate.settings()).await?;
    let target = address(&gateway.urls[0])?;
    let tunnel = Tunnel::start(&gateway.urls[0], &certificate).await?;
    let stage = stage.with_gateway(gateway, &tunnel.url)?;
    let people = stage.accounts(Wanted { accounts: options.accounts as usize, devices: 2 }).await?;
    let way = Way { targets: stage.targets.clone(), ..Way::default() };
    let crowd = Arc::new(Crowd::connect(people, &way, &stage.progress).await?);
    let stream = Arc::new(Stream::new(crowd));
    let began = Instant::now();
    let sampler = Sampler::start(stage.processes.clone(), began);
    let mut run = Run { name: "gateway with TLS".to_owned(), ..Run::default() };
    let part = Part { stage: &stage, stream: &stream, options, began };
    let quiet = part.play("before HTTP/2", Duration::from_secs(3), &mut run).await?;
    let mut memory = Memory { before: stage.memory_mib(), ..Memory::default() };
    let mut attack = Attack::empty()?;
    let connector = certificate.connector(b"h2")?;
    for number in 0..options.http2_connections {
        let connector = connector.clone();
        let tally = attack.tally();
        let streams = options.http2_streams;
        let wait = wait(number, options.http2_connections);
        attack.spawn(async move {
            tokio::time::sleep(wait).await;
            attacker(&connector, target, streams, &tally).await;
        });
    }
    let during = part.play("HTTP/2 meanwhile", Duration::ZERO, &mut run).await?;
    memory.most = sampler.samples().memory_mib.iter().map(|sample| sample.1).fold(0.0, f64::max);
    run.counts.extend(attack.stop().await);
    run.samples = sampler.samples();
    let [before, meanwhile] = [&quiet, &during].map(|flow| flow.whole.quantile_ms(0.99));
    report.figure("sign-in p99 before HTTP/2", "ms", before);
    report.figure("sign-in p99 while heads of HTTP/2 are held", "ms", meanwhile);
    report.figure("memory before HTTP/2", "MiB", memory.before);
    report.figure("memory while heads of HTTP/2 are held, most", "MiB", memory.most);
    report.check(Check::new(
        "heads of HTTP/2 that cost nothing to send hold at most 300 MiB",
        memory.most - memory.before <= MOST_MIB_MORE,
        format!("{:.0} MiB, then at most {:.0}", memory.before, memory.most),
    ));
    report.check(Check::new(
        "sign-ins meanwhile stay within twice the quiet p99",
        meanwhile <= MOST_TIMES_SLOWER * before,
        format!("{meanwhile:.1} ms, {:.2} times {before:.1} ms", meanwhile / before),
    ));
    report.runs.push(run);
    stream.judge(quiet.failed() + during.failed(), report).await
}

/// A connection with requests that wait for their bodies, again and again.
async fn attacker(connector: &TlsConnector, gateway: SocketAddr, streams: u32, tally: &Arc<Tally>) {
    loop {
        let from = SocketAddr::new(ATTACKER.into(), 0);
        let stream = connect(connector, gateway, from).await;
        let opened = match stream {
            Ok(stream) => h2::client::handshake(stream).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match opened {
            Ok((send, connection)) => {
                let mut requests = JoinSet::new();
                for _ in 0..streams {
                    let send = send.clone();
                    let tally = Arc::clone(tally);
                    requests.spawn(async move { hold_open(send, &tally).await });
                }
                let end = connection.await;
                tally.add(format!("HTTP/2: connection {}", if end.is_ok() { "ended" } else { "broke" }));
            }
            Err(_) => tally.add("HTTP/2: no connection"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Begins a request, and another one when that is over.
async fn hold_open(mut send: SendRequest<Bytes>, tally: &Tally) {
    loop {
        let Ok(mut ready) = send.ready().await else { return };
        let Ok(request) = half_a_request() else { return };
        let Ok((answer, body)) = ready.send_request(request, false) else { return };
        match answer.await {
            Ok(answer) => tally.add(format!("HTTP/2: answered with {}", answer.status().as_u16())),
            Err(error) if error.reason() == Some(h2::Reason::REFUSED_STREAM) => tally.add("HTTP/2: refused stream"),
            Err(_) => tally.add("HTTP/2: broke"),
        }
        drop(body);
        send = ready;
        tokio::time::sleep(AGAIN).await;
    }
}

fn half_a_request() -> Result<http::Request<()>, http::Error> {
    let field = "x".repeat(FIELD_BYTES);
    let request = http::Request::post("https://localhost/v1/sign-in").header("content-type", "application/json");
    request.header("x-filler", &field).header("x-filler", &field).body(())
}
