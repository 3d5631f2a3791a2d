//! The sockets: connections, requests, and faults carried out on them.
//!
//! Connections are served by hand and not by axum's server, because a fault must be able to close one
//! without an answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::call::Call;
use super::control;
use super::faults::{Fault, How, RetryAfter, Strikes};
use super::reply::Reply;
use super::world::{Admission, World};

/// Largest body that is read; a batch of 100 longest users is far smaller.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Pause after a failed accept, which otherwise would spin while the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The world, shared by connections and handles.
#[derive(Debug)]
pub(super) struct Shared(Mutex<World>);

impl Shared {
    pub(super) fn new(world: World) -> Shared {
        Shared(Mutex::new(world))
    }

    /// The world. A panic of another holder leaves it usable: every change is made whole by assignment.
    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that ends without an answer. Makes the server close the connection.
#[derive(Debug, thiserror::Error)]
#[error("the request gets no answer")]
struct NoAnswer;

/// Serves until it is dropped; all connections end with it.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    shared.lock().record.counts.connections += 1;
                    connections.spawn(serve_connection(stream, Arc::clone(&shared)));
                }
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    // Best effort: without it answers are only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
    // An error here is a fault that was asked for, or a client that has gone.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, NoAnswer> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(Body::new(body), MAX_BODY_BYTES).await else {
        return Ok(Reply::empty(StatusCode::PAYLOAD_TOO_LARGE).into_response());
    };
    if let Some(path) = parts.uri.path().strip_prefix(control::PREFIX) {
        return Ok(control::answer(&shared, &parts.method, path, &body).into_response());
    }
    let call = Call::read(&parts, &body);
    let admission = shared.lock().admit(&call);
    let ticket = Ticket {
        seq: admission.seq,
        shared,
    };
    ticket.play(call, admission).await
}

/// A request that was admitted. Dropped without an answer, it counts as abandoned.
struct Ticket {
    shared: Arc<Shared>,
    seq: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.lock().abandoned(self.seq);
    }
}

impl Ticket {
    async fn play(self, call: Call, admission: Admission) -> Result<Response<Body>, NoAnswer> {
        let delay = Duration::from_millis(admission.answer_delay_ms);
        let Some(Fault { how, strikes, .. }) = admission.fault else {
            let reply = self.perform(&call);
            sleep_unless_zero(delay).await;
            return Ok(self.send(reply));
        };
        let is_after_effect = strikes == Strikes::AfterEffect;
        match how {
            How::DelayedEffect { lands, status } => {
                self.shared.lock().delay(self.seq, call, lands);
                let status = status.ok_or(NoAnswer)?;
                Ok(self.send(Reply::empty(status_code(status))))
            }
            How::Slow { millis } => {
                let early = is_after_effect.then(|| self.perform(&call));
                sleep(Duration::from_millis(millis)).await;
                let reply = early.unwrap_or_else(|| self.perform(&call));
                Ok(self.send(reply))
            }
            hand @ (How::Meddle { .. } | How::MeddleTenant { .. }) => {
                let early = is_after_effect.then(|| self.perform(&call));
                self.shared.lock().meddle(&call, &hand);
                let reply = early.unwrap_or_else(|| self.perform(&call));
                Ok(self.send(reply))
            }
            broken => {
                // A read has no effect that could be missed, and its own answer is the one to break.
                let own = (is_after_effect || call.is_read()).then(|| self.perform(&call));
                self.break_off(broken, own).await
            }
        }
    }

    /// Answers wrongly or not at all; `own` is the answer that the request would have had.
    async fn break_off(self, how: How, own: Option<Reply>) -> Result<Response<Body>, NoAnswer> {
        let reply = match how {
            How::Reset
            | How::Slow { .. }
            | How::Meddle { .. }
            | How::MeddleTenant { .. }
            | How::DelayedEffect { .. } => {
                return Err(NoAnswer);
            }
            How::Hang { millis: Some(millis) } => {
                sleep(Duration::from_millis(millis)).await;
                return Err(NoAnswer);
            }
            How::Hang { millis: None } => std::future::pending().await,
            How::Truncated => {
                let own = own.unwrap_or_else(|| Reply::text(StatusCode::OK, "{\"data\":null}".to_owned()));
                self.answered(own.status);
                return Ok(own.into_truncated());
            }
            How::EndlessBody => {
                self.answered(StatusCode::OK);
                return Ok(Reply::endless());
            }
            How::Status {
                status,
                body,
                retry_after,
            } => {
                let reply = Reply::text(status_code(status), body.unwrap_or_default());
                self.with_retry_after(reply, retry_after)
            }
            How::RateLimit { retry_after } => {
                self.with_retry_after(Reply::empty(StatusCode::TOO_MANY_REQUESTS), retry_after)
            }
            How::Html { status } => Reply::html(status_code(status)),
            How::Redirect { to } => Reply::empty(StatusCode::TEMPORARY_REDIRECT).header(header::LOCATION, to),
        };
        Ok(self.send(reply))
    }

    fn perform(&self, call: &Call) -> Reply {
        self.shared.lock().perform(self.seq, call)
    }

    fn with_retry_after(&self, reply: Reply, retry_after: Option<RetryAfter>) -> Reply {
        let Some(retry_after) = retry_after else {
            return reply;
        };
        let unix_seconds = self.shared.lock().clock.unix_seconds();
        reply.header(header::RETRY_AFTER, retry_after.header(unix_seconds))
    }

    fn answered(&self, status: StatusCode) {
        self.shared.lock().answered(self.seq, status);
    }

    fn send(self, reply: Reply) -> Response<Body> {
        self.answered(reply.status);
        reply.into_response()
    }
}

async fn sleep_unless_zero(delay: Duration) {
    if !delay.is_zero() {
        sleep(delay).await;
    }
}

/// The status, or 500 for a number that is none.
fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
