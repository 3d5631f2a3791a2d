//! An answer before it becomes bytes, and the broken forms of it.

use std::convert::Infallible;
use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

/// Bytes of one piece of an endless body.
const ENDLESS_PIECE_BYTES: usize = 16 * 1024;

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    body: String,
    content_type: &'static str,
    headers: Vec<(HeaderName, String)>,
}

impl Reply {
    pub(super) fn empty(status: StatusCode) -> Reply {
        Reply {
            status,
            body: String::new(),
            content_type: "application/json; charset=utf-8",
            headers: Vec::new(),
        }
    }

    pub(super) fn json(status: StatusCode, value: &Value) -> Reply {
        Reply::text(status, value.to_string())
    }

    /// A text that claims to be JSON.
    pub(super) fn text(status: StatusCode, body: String) -> Reply {
        Reply {
            body,
            ..Reply::empty(status)
        }
    }

    pub(super) fn html(status: StatusCode) -> Reply {
        let title = status.canonical_reason().unwrap_or("Error");
        Reply {
            body: format!(
                "<html>\r\n<head><title>{code} {title}</title></head>\r\n<body><center><h1>{code} {title}</h1></center>\
                 <hr><center>nginx</center></body>\r\n</html>\r\n",
                code = status.as_u16()
            ),
            content_type: "text/html",
            ..Reply::empty(status)
        }
    }

    pub(super) fn header(mut self, name: HeaderName, value: String) -> Reply {
        self.headers.push((name, value));
        self
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let body = Body::from(self.body.clone());
        self.with_body(body)
    }

    /// The whole head and half of the body; then the body fails, and the server closes the connection.
    pub(super) fn into_truncated(self) -> Response<Body> {
        let whole = Bytes::from(self.body.clone());
        let half = whole.slice(..whole.len() / 2);
        let pieces = stream::iter([Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionAborted))]);
        // Between two pieces the server gets the chance to send what it has; it would drop it otherwise.
        let pieces = pieces.then(|piece| async {
            tokio::task::yield_now().await;
            piece
        });
        let mut response = self.with_body(Body::from_stream(pieces));
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len().max(2)));
        response
    }

    /// 200 and a list of users that never ends.
    pub(super) fn endless() -> Response<Body> {
        let mut piece = String::with_capacity(ENDLESS_PIECE_BYTES + 64);
        while piece.len() < ENDLESS_PIECE_BYTES {
            piece.push_str("{\"id\":\"endless\",\"name\":\"Endless\"},");
        }
        let piece = Bytes::from(piece);
        let head = stream::iter([Bytes::from_static(b"{\"data\":[")]);
        let pieces = head.chain(stream::repeat(piece)).map(Ok::<_, Infallible>);
        Reply::empty(StatusCode::OK).with_body(Body::from_stream(pieces))
    }

    fn with_body(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        for (name, value) in self.headers {
            // A value that can't be sent comes from a fault of the test's own; it is left out.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
