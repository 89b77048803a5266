//! The paths, and what each answers.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use tracing::error;

use crate::desk::Desk;
use crate::exposition;
use crate::page;
use crate::status::status;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// An answer before it is HTTP.
struct Answer {
    code: StatusCode,
    media_type: &'static str,
    body: Vec<u8>,
}

impl Answer {
    fn text(code: StatusCode, text: impl Into<String>) -> Answer {
        Answer {
            code,
            media_type: TEXT,
            body: text.into().into_bytes(),
        }
    }

    /// What could be made, or that it could not: not the caller's fault.
    fn made<E: std::fmt::Display>(
        media_type: &'static str,
        body: Result<impl Into<Vec<u8>>, E>,
    ) -> Answer {
        match body {
            Ok(body) => Answer {
                code: StatusCode::OK,
                media_type,
                body: body.into(),
            },
            Err(error) => {
                error!("an HTTP answer could not be made: {error}");
                Answer::text(StatusCode::INTERNAL_SERVER_ERROR, "could not be made\n")
            }
        }
    }
}

/// Answers a request. A HEAD is answered as a GET; the body is left out for us.
pub fn answer(request: &Request<Incoming>, desk: &Desk) -> Response<Full<Bytes>> {
    let answer = match *request.method() {
        Method::GET | Method::HEAD => get(request.uri().path(), desk),
        _ => Answer::text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n"),
    };
    respond(answer)
}

fn get(path: &str, desk: &Desk) -> Answer {
    match path {
        "/" => Answer::made(HTML, page::html(&status(desk))),
        "/metrics" => Answer::made(exposition::MEDIA_TYPE, exposition::text(desk)),
        "/status" => Answer::made(JSON, sonic_rs::to_vec(&status(desk))),
        "/livez" => Answer::text(StatusCode::OK, "alive\n"),
        "/readyz" => readiness(&desk.metrics.unready()),
        _ => Answer::text(
            StatusCode::NOT_FOUND,
            "there is /, /metrics, /status, /livez and /readyz\n",
        ),
    }
}

fn readiness(reasons: &[String]) -> Answer {
    if reasons.is_empty() {
        return Answer::text(StatusCode::OK, "ready\n");
    }
    let text = format!("not ready\n{}\n", reasons.join("\n"));
    Answer::text(StatusCode::SERVICE_UNAVAILABLE, text)
}

fn respond(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = answer.code;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, answer.media_type),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, page::POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if answer.code == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
