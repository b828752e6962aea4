//! What the system is told about the listening socket and the connections that come of it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tracing::warn;

/// A device that acknowledges nothing for this long is gone; the system then ends its TCP connection, also when the
/// device keeps its receive window closed (RFC 5482, Linux tcp(7) `TCP_USER_TIMEOUT`).
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that the system keeps until they are accepted.
const BACKLOG: i32 = 4096;
/// Bytes of answers that the system keeps for a client that does not take them; Linux doubles it (socket(7)) and would give 4 MiB.
const SEND_BUFFER: usize = 32 * 1024;

/// Binds an address.
///
/// # Errors
/// What the system says.
pub fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    // A restart must not wait for connections of the process before.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// The listening sockets that a service manager opened for this process (sd_listen_fds(3)); none where it opened none. The first call
/// takes them.
///
/// # Errors
/// When one of them is not a listening TCP socket.
pub fn given() -> io::Result<Vec<std::net::TcpListener>> {
    let mut sockets = listenfd::ListenFd::from_env();
    (0..sockets.len()).filter_map(|at| sockets.take_tcp_listener(at).transpose()).collect()
}

/// A connection that cannot be tuned is served all the same: it is then only found dead later.
pub(super) fn tune(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    let tuned = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_send_buffer_size(SEND_BUFFER))
        .and_then(|()| set_user_timeout(&socket));
    if let Err(error) = tuned {
        warn!(%error, "a connection could not be tuned");
    }
}

#[cfg(target_os = "linux")]
fn set_user_timeout(socket: &socket2::Socket) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT))
}

/// Elsewhere keepalive finds dead peers, though not those that keep their window closed.
#[cfg(not(target_os = "linux"))]
fn set_user_timeout(socket: &socket2::Socket) -> io::Result<()> {
    socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(TCP_USER_TIMEOUT))
}
