//! Tests a connection: host, key and permission, without changing any data.

use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::time::{sleep, timeout};

use super::client::BrazeClient;
use super::outcome::StopReason;
use super::response::TrackAnswer;
use super::transport::{Answer, Lost};
use crate::message::codes;
use crate::secrets::ApiKey;

/// A request without objects. Braze accepts the key, then refuses the request (400, "Valid data must be provided …"). Since
/// it contains nothing, it can't write anything even if Braze's checks change. Whether Braze checks the key's permission
/// before the content is not documented.
const NOTHING: &[u8] = br#"{"attributes":[],"events":[],"purchases":[]}"#;

/// How the identifier of a profile that can't exist starts.
const NO_ONE: &str = "insights-to-braze-connection-test-";

/// What the test of a connection proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Braze accepted the key, and a request that needs the permission `users.track`.
    Permission,
    /// Braze accepted the key. Whether it has the permission is not certain.
    Key,
}

/// Attempts before a failure on Braze's side is reported.
const TRIES: u32 = 3;

/// The wait between attempts.
const BETWEEN: Duration = Duration::from_millis(500);

/// The time limit of one attempt.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a connection does not work.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The host name does not exist.
    ///
    /// Fix: check `hostname` for a typo. Braze's API overview lists the REST endpoints by dashboard URL.
    #[error(
        "Can't find the host {host}\n\
         Check `hostname` in exports.toml for a typo. Braze's API overview lists the REST endpoints by dashboard URL."
    )]
    UnknownHost {
        /// Host and port of the connection.
        host: String,
    },
    /// The host refuses connections.
    ///
    /// Fix: check `hostname`, and whether outbound traffic is blocked.
    #[error(
        "{host} refused the connection\n\
         Check `hostname` in exports.toml, and whether outbound traffic is blocked."
    )]
    ConnectionRefused {
        /// Host and port of the connection.
        host: String,
    },
    /// The host has no trusted TLS certificate, or a proxy replaces it.
    ///
    /// Fix: check `hostname`, and whether a proxy intercepts TLS with its own certificate.
    #[error(
        "Can't make a trusted TLS connection to {host}: {reason}\n\
         Check `hostname` in exports.toml, and whether a proxy intercepts TLS with its own certificate."
    )]
    Tls {
        /// Host and port of the connection.
        host: String,
        /// What TLS says.
        reason: String,
    },
    /// The host does not respond.
    ///
    /// Fix: check `hostname`, and whether outbound traffic is blocked.
    #[error(
        "{host} does not respond: {reason}\n\
         Check `hostname` in exports.toml, and whether outbound traffic is blocked."
    )]
    NoAnswer {
        /// Host and port of the connection.
        host: String,
        /// What happened.
        reason: String,
    },
    /// Braze rejected the key.
    #[error(transparent)]
    Refused(StopReason),
    /// The host is not one of Braze's REST endpoints.
    ///
    /// Fix: set `hostname` to the REST endpoint of your Braze instance.
    #[error(
        "{host} is not a REST endpoint of Braze ({found})\n\
         Fix `hostname` in exports.toml, for example rest.iad-03.braze.com. Braze's API overview lists the REST endpoints by \
         dashboard URL."
    )]
    NotBraze {
        /// Host and port of the connection.
        host: String,
        /// What it answered.
        found: String,
    },
    /// Braze returns server errors.
    ///
    /// Fix: try again later, and see Braze's status page if it lasts.
    #[error(
        "{host} returned a server error ({status})\n\
         The settings of the connection look right. Try again later, and see Braze's status page if it lasts."
    )]
    Unavailable {
        /// Host and port of the connection.
        host: String,
        /// The HTTP status.
        status: u16,
    },
}

codes!(CheckError wraps Refused {
    UnknownHost = "ITB-B11",
    ConnectionRefused = "ITB-B12",
    Tls = "ITB-B13",
    NoAnswer = "ITB-B14",
    NotBraze = "ITB-B15",
    Unavailable = "ITB-B16",
});

impl BrazeClient {
    /// Tests host, key and the permission `users.track` without changing a profile (the `connect` action). A 429 counts as
    /// success. Takes a minute at most.
    ///
    /// The first request contains no one. The second updates a profile if it exists (`_update_existing_only`), which it
    /// can't, because `nonce` is in its identifier. Braze responds with 201 if the key has the permission, and skips it.
    pub async fn check(&self, key: &ApiKey, nonce: &str) -> Result<Proof, CheckError> {
        self.try_check(Bytes::from_static(NOTHING), key).await?;
        let no_one = serde_json::json!({ "attributes": [
            { "external_id": format!("{NO_ONE}{nonce}"), "_update_existing_only": true, "first_name": "Test" }
        ] });
        let status = self.try_check(Bytes::from(no_one.to_string()), key).await?;
        self.forget_refusal();
        Ok(if (200..300).contains(&status) { Proof::Permission } else { Proof::Key })
    }

    /// Sends `body`, and returns the status of a response that shows that Braze accepts the key.
    async fn try_check(&self, body: Bytes, key: &ApiKey) -> Result<u16, CheckError> {
        let host = self.host().to_owned();
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match timeout(PATIENCE, self.post_once(body.clone(), key)).await {
                Ok(Some(Ok(answer))) => match judge(&answer, &host) {
                    Ok(()) => return Ok(answer.status),
                    Err(error) => error,
                },
                Ok(Some(Err(lost))) => unanswered(lost, &host),
                Ok(None) => return Err(CheckError::Refused(StopReason::Unauthorized { host })),
                Err(_) => unanswered(Lost::TimedOut, &host),
            };
            let may_pass = matches!(error, CheckError::Unavailable { .. } | CheckError::NoAnswer { .. });
            if !may_pass || tries == TRIES {
                return Err(error);
            }
            sleep(BETWEEN).await;
        }
    }
}

fn judge(answer: &Answer, host: &str) -> Result<(), CheckError> {
    let host = host.to_owned();
    let braze_said = TrackAnswer::parse(&answer.body, 0).is_some_and(|said| said.known);
    let not_braze = |found: &str| {
        Err(CheckError::NotBraze { host: host.clone(), found: format!("it returns {} {found}", answer.status) })
    };
    match answer.status {
        200..=299 | 400 | 422 if braze_said => Ok(()),
        // Braze limits the rate only of keys that it knows.
        429 => Ok(()),
        401 => Err(CheckError::Refused(StopReason::Unauthorized { host })),
        403 if answer.html => not_braze("with a web page, like a firewall"),
        402 | 403 => Err(CheckError::Refused(StopReason::Forbidden { host })),
        404 | 410 => not_braze("for /users/track"),
        300..=399 => not_braze("and redirects; the key was not sent there"),
        408 | 425 | 500 | 502..=599 => Err(CheckError::Unavailable { host, status: answer.status }),
        _ if answer.html => not_braze("with a web page"),
        _ => not_braze("without Braze's JSON"),
    }
}

fn unanswered(lost: Lost, host: &str) -> CheckError {
    let host = host.to_owned();
    match lost {
        Lost::Dns => CheckError::UnknownHost { host },
        Lost::Refused => CheckError::ConnectionRefused { host },
        Lost::Tls(reason) => CheckError::Tls { host, reason },
        Lost::Unconnected | Lost::TimedOut | Lost::Broken => CheckError::NoAnswer { host, reason: lost.to_string() },
    }
}
