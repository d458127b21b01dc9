//! Proves that a connection works: host, key and permission, without changing any data.

use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::time::{sleep, timeout};

use super::client::BrazeClient;
use super::response::TrackAnswer;
use super::transport::{Answer, Lost};
use crate::secrets::ApiKey;

/// A request without any object. Braze refuses it (400, "Valid data must be provided …") once it has accepted the key and
/// its permission, so that even Braze's future changes cannot make it write anything.
const NOTHING: &[u8] = br#"{"attributes":[],"events":[],"purchases":[]}"#;

/// Tries before a failure on Braze's side is believed.
const TRIES: u32 = 3;

/// Wait between them.
const BETWEEN: Duration = Duration::from_millis(500);

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a connection does not work, and where to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The host's name cannot be resolved.
    #[error(
        "the name of {host} cannot be resolved: there is probably a slip in `hostname` in exports.toml. Braze's \
         dashboard shows the REST endpoint at Settings > APIs and Identifiers"
    )]
    UnknownHost {
        /// Host and port of the connection.
        host: String,
    },
    /// Nothing listens there.
    #[error(
        "{host} refused the connection: nothing listens there. Check `hostname` in exports.toml, and whether the \
         function's network lets it out"
    )]
    ConnectionRefused {
        /// Host and port of the connection.
        host: String,
    },
    /// TLS failed.
    #[error(
        "no trusted TLS connection to {host} could be made: {reason}. Check `hostname` in exports.toml, and whether a \
         proxy stands between that presents a certificate of its own"
    )]
    Tls {
        /// Host and port of the connection.
        host: String,
        /// What TLS says.
        reason: String,
    },
    /// No answer came.
    #[error(
        "{host} does not answer: {reason}. Check `hostname` in exports.toml, and whether the function's network lets it \
         out"
    )]
    NoAnswer {
        /// Host and port of the connection.
        host: String,
        /// What happened.
        reason: String,
    },
    /// 401.
    #[error(
        "{host} refused the API key (401): the key is wrong or was deleted, or it belongs to another instance than \
         `hostname` in exports.toml names. Compare both with Settings > APIs and Identifiers in Braze's dashboard, then \
         mend the connection's secret in Secrets Manager, {{\"api_key\": \"…\"}}, or `hostname`"
    )]
    Unauthorized {
        /// Host and port of the connection.
        host: String,
    },
    /// 403.
    #[error(
        "{host} knows the API key but forbids it to write users (403): it needs the permission users.track, and its list \
         of allowed addresses, if it has one, must hold this function's. Neither can be changed on a key that exists: \
         make a new one at Settings > APIs and Identifiers in Braze's dashboard and put it into the connection's secret"
    )]
    Forbidden {
        /// Host and port of the connection.
        host: String,
    },
    /// The host is none of Braze's REST endpoints.
    #[error(
        "{host} is not a REST endpoint of Braze ({found}). Mend `hostname` in exports.toml; Braze's dashboard shows the \
         endpoint at Settings > APIs and Identifiers, for example rest.iad-03.braze.com"
    )]
    NotBraze {
        /// Host and port of the connection.
        host: String,
        /// What it answered.
        found: String,
    },
    /// Braze itself does not work.
    #[error(
        "{host} answers with a failure of its own ({status}). Nothing is wrong with the connection's settings as far as \
         can be seen; try again later, and see Braze's status page if it lasts"
    )]
    Unavailable {
        /// Host and port of the connection.
        host: String,
        /// The HTTP status.
        status: u16,
    },
}

impl BrazeClient {
    /// Proves that host, key and the permission `users.track` are right, by a request that holds no data (the `connect`
    /// action). An answer 429 proves them too. Takes half a minute at most.
    pub async fn check(&self, key: &ApiKey) -> Result<(), CheckError> {
        let host = self.host().to_owned();
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match timeout(PATIENCE, self.post_once(Bytes::from_static(NOTHING), key)).await {
                Ok(Some(Ok(answer))) => match judge(&answer, &host) {
                    Ok(()) => {
                        self.forget_refusal();
                        return Ok(());
                    }
                    Err(error) => error,
                },
                Ok(Some(Err(lost))) => unanswered(lost, &host),
                Ok(None) => return Err(CheckError::Unauthorized { host }),
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
        Err(CheckError::NotBraze { host: host.clone(), found: format!("it answers {} {found}", answer.status) })
    };
    match answer.status {
        200..=299 | 400 | 422 if braze_said => Ok(()),
        // Braze limits the rate of those that it knows.
        429 => Ok(()),
        401 => Err(CheckError::Unauthorized { host }),
        403 if answer.html => not_braze("with a web page, as a firewall does"),
        402 | 403 => Err(CheckError::Forbidden { host }),
        404 | 410 => not_braze("to /users/track"),
        300..=399 => not_braze("and redirects elsewhere, where the key was not sent"),
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
