//! The layer before every route: who asks, may they, and the headers of every answer.

use super::audit::Action;
use super::connections::Peer;
use super::gate::{Gate, Nobody};
use super::rights::{self, Need};
use super::{Access, origin};
use crate::config::access::Role;
use crate::daemon::Running;
use crate::query::LoginFailure;
use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A request is answered within this span. Scoring and reloading take seconds at the most; beyond that the disk hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What answers say unless their route says otherwise. Figures change with every scoring, and may be nobody else's
/// business: no cache keeps them. A text or JSON document needs no resource, so its policy allows none.
const DEFAULT_HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

type Stands = State<(Arc<Running>, Arc<Access>)>;

/// Lets a request through, or answers it.
pub(in crate::web) async fn guard(
    State((daemon, access)): Stands,
    request: Request,
    next: Next,
) -> Response {
    let gate = access.gate();
    let mut response = admit(&daemon, &access, &gate, request, next).await;
    let headers = response.headers_mut();
    for (name, value) in DEFAULT_HEADERS {
        let value = HeaderValue::from_static(value);
        headers.entry(name).or_insert(value);
    }
    for (name, value) in &gate.headers {
        headers.insert(name, value.clone());
    }
    response
}

async fn admit(
    daemon: &Arc<Running>,
    access: &Access,
    gate: &Gate,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let need = rights::need(request.method(), route.map(MatchedPath::as_str));
    if need == Need::Nothing {
        return next.run(request).await;
    }
    let from = request.extensions().get::<Peer>().map(|peer| peer.0);
    let action = Action::new(request.method(), request.uri().path(), from);
    let refused = |who: &str, why: &str| access.refusals.log(&action, who, why, Instant::now());
    if !gate.is_meant(request.headers()) {
        refused("nobody", "it was asked under an unknown host name");
        return misdirected();
    }
    // Only tests have requests without a connection.
    let address = from.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |from| from.ip());
    let caller = gate.caller(request.headers(), address, &access.logins);
    let caller = match caller.await {
        Ok(caller) => caller,
        Err(why) => {
            if let Some(failure) = why.login_failure() {
                daemon.shared.own.login_failed(failure);
            }
            // The first request of every browser is silent: that is no attempt at anything.
            if why != Nobody::Silent || !rights::is_safe(request.method()) {
                refused("nobody", why.words());
            }
            return unknown(gate, why);
        }
    };
    if !rights::suffices(caller.role, need) {
        refused(&caller.name, "the role is not enough");
        let message = format!(
            "the role `{}` may not do this; docs/access.md has the table\n",
            caller.role.word()
        );
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    if origin::is_foreign(request.method(), request.headers()) {
        refused(&caller.name, "another site sent it");
        let message = "another site has sent this request through a browser\n";
        return (StatusCode::FORBIDDEN, message).into_response();
    }
    let is_admin_action = need == Need::Role(Role::Admin) && route_exists(&request);
    let response = next.run(request).await;
    if is_admin_action {
        action.done(&caller, response.status().as_u16(), daemon);
    }
    response
}

/// What no route answers is no action.
fn route_exists(request: &Request) -> bool {
    request.extensions().get::<MatchedPath>().is_some()
}

impl Nobody {
    fn words(self) -> &'static str {
        match self {
            Nobody::Silent => "no credentials",
            Nobody::Wrong => "wrong credentials",
            Nobody::Delayed(_) => "too many failed log-ins",
            Nobody::Busy => "too many passwords to check",
        }
    }

    /// The reason by which a failed log-in is counted. A request without credentials is no attempt to log in.
    fn login_failure(self) -> Option<LoginFailure> {
        match self {
            Nobody::Silent => None,
            Nobody::Wrong => Some(LoginFailure::Wrong),
            Nobody::Delayed(_) => Some(LoginFailure::Delayed),
            Nobody::Busy => Some(LoginFailure::Busy),
        }
    }
}

/// The answer to what was asked under a name that is none of ours.
fn misdirected() -> Response {
    let message = "nobody has to say who they are here, so this daemon answers only where it is asked for by its address, as \
        `localhost`, or by a name of `access.hosts` in toleranced.yaml; see docs/access.md\n";
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

/// The answer to who is nobody.
fn unknown(gate: &Gate, why: Nobody) -> Response {
    if why == Nobody::Busy {
        let retry = [(header::RETRY_AFTER, "5")];
        let message = "too many passwords are being checked\n";
        return (StatusCode::SERVICE_UNAVAILABLE, retry, message).into_response();
    }
    if let Nobody::Delayed(delay) = why {
        // Rounded up: an earlier attempt is refused, too.
        let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        let retry = [(header::RETRY_AFTER, seconds.to_string())];
        let message = format!("too many failed log-ins from this address. Retry in {seconds} s.\n");
        return (StatusCode::TOO_MANY_REQUESTS, retry, message).into_response();
    }
    let message = format!("{}: say who you are; see docs/access.md\n", why.words());
    let mut response = (StatusCode::UNAUTHORIZED, message).into_response();
    for challenge in gate.challenges() {
        response
            .headers_mut()
            .append(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Gives up on requests that take too long: the body does not come, or the answer does not.
pub(in crate::web) async fn time_out(request: Request, next: Next) -> Response {
    let has_body = !request.body().is_end_stream();
    match tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) if has_body => {
            let message = "the request did not come to its end in time\n";
            // The rest of the body is still on its way.
            let close = [(header::CONNECTION, "close")];
            (StatusCode::REQUEST_TIMEOUT, close, message).into_response()
        }
        Err(_) => {
            let message = format!("no answer within {} s\n", ANSWER_WITHIN.as_secs());
            (StatusCode::SERVICE_UNAVAILABLE, message).into_response()
        }
    }
}
