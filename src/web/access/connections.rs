//! Accepts connections within limits, speaks TLS where it is configured, and hands requests to the router.
//!
//! `axum::serve` would do, but for its limits: it has none on connections, on the time that headers and handshakes may
//! take, and on the time that an answer may lie unread.

use super::Access;
use super::connection_limiter::{ConnectionLimiter, ConnectionPermit, NoSlot};
use super::patience::Patient;
use super::progress::{Metered, TrackedBody};
use super::responses::{Connection, ResponseMemory};
use super::rights;
use crate::daemon::Running;
use crate::query::{Closed, OwnMetrics};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower_service::Service;

/// The headers of a request must come within this span, counted from when the connection is ready for them: so this is
/// also how long one may be idle. Above the usual scrape interval of 15 s, so that Prometheus keeps its connection.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// An answer must be taken within this span.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);
const MOST_HEADERS: usize = 64;
/// Request line and headers together.
const HEADER_BYTES: usize = 16 << 10;
/// What is read ahead, and written at once.
const BUFFER_BYTES: usize = 64 << 10;
/// When no connection can be accepted (files are used up, say) it is tried again after this span.
const AFTER_TROUBLE: Duration = Duration::from_secs(1);

/// The answer to plain HTTP where TLS is spoken, in the words of Go's server.
const NOT_HTTPS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\
    Client sent an HTTP request to an HTTPS server.\n";

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// What every connection needs.
struct Host {
    app: Router,
    access: Arc<Access>,
    daemon: Arc<Running>,
    most_files: usize,
    responses: ResponseMemory,
}

/// Accepts until `stop` is done; then answers what was asked already.
pub(in crate::web) async fn accept(
    listener: TcpListener,
    app: Router,
    access: Arc<Access>,
    daemon: Arc<Running>,
    stop: impl Future<Output = ()>,
) {
    let host = Arc::new(Host {
        app,
        access,
        daemon,
        most_files: files_for_connections(),
        responses: ResponseMemory::default(),
    });
    let (stopping, stopped) = watch::channel(false);
    tokio::select! {
        () = stop => {}
        () = host.clone().accept_all(listener, stopped) => {}
    }
    stopping.send_replace(true);
    // Every connection has a receiver.
    stopping.closed().await;
}

/// Half of the files that this process may open, after raising that to what it may be: the others are for the sources and
/// the database, which a crowd of connections must not starve.
fn files_for_connections() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return usize::MAX;
    };
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    let files = if raised.is_ok() { hard } else { soft };
    usize::try_from(files / 2).unwrap_or(usize::MAX).max(1)
}

impl Host {
    async fn accept_all(self: Arc<Host>, listener: TcpListener, stopped: watch::Receiver<bool>) {
        let limiter = ConnectionLimiter::default();
        loop {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) if is_of_one_connection(&error) => continue,
                Err(error) => {
                    tracing::error!(%error, "can't accept connections; trying again");
                    tokio::time::sleep(AFTER_TROUBLE).await;
                    continue;
                }
            };
            let limit = self.access.gate().connections.min(self.most_files);
            let permit = Arc::new(limiter.take(limit).await);
            self.own().set_connections(limiter.open());
            let (host, stopped, limiter) = (self.clone(), stopped.clone(), limiter.clone());
            tokio::spawn(async move {
                host.attend(stream, peer, &permit, stopped).await;
                drop(permit);
                host.own().set_connections(limiter.open());
            });
        }
    }

    fn own(&self) -> &OwnMetrics {
        &self.daemon.shared.own
    }

    async fn attend(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: &Arc<ConnectionPermit>,
        stopped: watch::Receiver<bool>,
    ) {
        // An answer is written whole, so there is nothing to wait for; without effect if it fails.
        let _ = stream.set_nodelay(true);
        let tls = self
            .access
            .gate()
            .tls
            .as_ref()
            .map(|tls| tls.config.clone());
        let Some(tls) = tls else {
            let stream = metered(stream, permit);
            return self.talk(stream, peer, permit, stopped).await;
        };
        let handshake = tokio::time::timeout(HANDSHAKE_WITHIN, shake_hands(tls, stream, permit));
        let done = tokio::select! {
            done = handshake => done,
            () = permit.evicted() => return self.own().closed(Closed::Limit),
        };
        match done {
            Ok(Ok(Some(stream))) => self.talk(stream, peer, permit, stopped).await,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                self.own().closed(Closed::Handshake);
                tracing::debug!(%peer, %error, "a TLS handshake failed");
            }
            Err(_) => self.own().closed(Closed::TimedOut),
        }
    }

    /// Processes a request, if the connection has a slot for it.
    async fn process(
        &self,
        request: hyper::Request<Incoming>,
        peer: SocketAddr,
        permit: Arc<ConnectionPermit>,
    ) -> Response {
        let is_health_check = rights::is_health_check(request.uri().path());
        let processing = match permit.start_request(is_health_check).await {
            Ok(processing) => processing,
            Err(NoSlot) => {
                self.own().closed(Closed::Limit);
                self.own().answered("other", 503);
                let retry = [(header::RETRY_AFTER, "5"), (header::CONNECTION, "close")];
                let message =
                    "all connections are in use. Retry later, or raise limits.http_connections.\n";
                return (StatusCode::SERVICE_UNAVAILABLE, retry, message).into_response();
            }
        };
        let progress = permit.progress().clone();
        let mut request: Request = request.map(|body| Body::new(TrackedBody::new(body, progress)));
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(Connection {
            permit,
            memory: self.responses.clone(),
        });
        let Ok(response) = self.app.clone().call(request).await;
        drop(processing);
        response
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        stream: S,
        peer: SocketAddr,
        permit: &Arc<ConnectionPermit>,
        mut stopped: watch::Receiver<bool>,
    ) {
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let permit = permit.clone();
            async move { Ok::<Response, Infallible>(self.process(request, peer, permit).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_WITHIN)
            .max_headers(MOST_HEADERS)
            .max_header_size(HEADER_BYTES)
            .max_buf_size(BUFFER_BYTES)
            // Responses are not copied into a buffer of the connection, so that their memory is counted until they are sent.
            .writev(true)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => Some(ended),
            () = permit.evicted() => return self.own().closed(Closed::Limit),
            _ = stopped.wait_for(|stopped| *stopped) => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            if is_time_out(&error) {
                self.own().closed(Closed::TimedOut);
            }
            tracing::debug!(%peer, %error, "a connection ended early");
        }
    }
}

/// What a connection's data passes through.
type Stream = Patient<Metered<TcpStream>>;

fn metered(stream: TcpStream, permit: &ConnectionPermit) -> Stream {
    let stream = Metered::new(stream, permit.progress().clone());
    Patient::new(stream, TAKEN_WITHIN)
}

/// `None` for a client that does not speak TLS, which is told so.
async fn shake_hands(
    tls: Arc<ServerConfig>,
    mut stream: TcpStream,
    permit: &ConnectionPermit,
) -> io::Result<Option<TlsStream<Stream>>> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first[0].is_ascii_uppercase() {
        // What is left unread would make the end of the connection an error, and the answer might be lost.
        let _ = stream.try_read(&mut [0; HEADER_BYTES]);
        stream.write_all(NOT_HTTPS).await?;
        stream.shutdown().await?;
        return Ok(None);
    }
    let stream = metered(stream, permit);
    TlsAcceptor::from(tls).accept(stream).await.map(Some)
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Headers that did not come, or an answer that was not taken.
fn is_time_out(error: &hyper::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    error.is_timeout() || source.is_some_and(|io: &io::Error| io.kind() == io::ErrorKind::TimedOut)
}
