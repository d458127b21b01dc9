//! A source that can be read: its secret, its container, and the HTTP client.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::access::Access;
use super::azure::{Container, ReadError};
use super::error::SourceError;
use crate::config::Source;
use crate::secrets::{ApiKeys, RoleIdentity};

/// The entry of an object's metadata that holds the `ETag` of the blob it is a copy of.
pub const ETAG_OF_SOURCE: &str = "source-etag";

/// A SAS that ends within this number of days is reported.
pub(super) const DAYS_OF_WARNING: i64 = 14;

/// How long a connection may take, and how long nothing may arrive.
const CONNECTING: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);

/// A source that can be read.
#[derive(Debug)]
pub struct Opened {
    pub(super) container: Container,
    /// When its SAS ends, if it says so.
    pub expires_at: Option<Timestamp>,
}

impl Opened {
    /// Reads the secret of a source, and finds what is wrong with it without asking Azure. `role` is the identity of the
    /// function's role, if this is a function.
    pub async fn open(
        source: &Source,
        keys: &ApiKeys,
        role: Option<&RoleIdentity>,
        now: Timestamp,
    ) -> Result<Self, SourceError> {
        let text = keys.text(&source.secret).await.map_err(|error| SourceError::of_secret(source, &error))?;
        let access = Access::parse(text.expose_secret()).map_err(|found| SourceError::Malformed {
            of: source.name.clone(),
            secret: source.secret.to_string(),
            found,
        })?;
        let expires_at = match &access {
            Access::Sas(sas) => sas.expires_at,
            Access::Application { .. } | Access::Role { .. } => None,
        };
        if let Some(at) = expires_at.filter(|at| *at <= now) {
            return Err(SourceError::Expired { of: source.name.clone(), at });
        }
        if let Access::Sas(sas) = &access
            && let Some(lacks) = sas.lacks
        {
            return Err(SourceError::Lacks { of: source.name.clone(), lacks });
        }
        let container = Container::open(source, &access, role, &http_client(source)?).await?;
        Ok(Self { container, expires_at })
    }

    /// Lists the folder and opens a file: proves both rights. The number of files in the folder.
    pub async fn check(&self, source: &Source) -> Result<u64, SourceError> {
        let (mut files, mut one) = (0, None);
        self.container
            .list(&prefix(source), |blob| {
                files += 1;
                one = Some(blob);
            })
            .await?;
        match one {
            Some(blob) => match self.container.open_blob(&blob).await {
                Err(ReadError::Failed(error) | ReadError::Interrupted(error)) => Err(error),
                Ok(_) | Err(ReadError::Gone | ReadError::Changed) => Ok(files),
            },
            None => Ok(0),
        }
    }

    /// Account and container, as messages show them.
    pub fn place(&self) -> &str {
        self.container.place()
    }
}

/// Days from now until a SAS ends, rounded down.
pub fn days_until(end: Timestamp, now: Timestamp) -> i64 {
    end.duration_since(now).as_secs().div_euclid(24 * 60 * 60)
}

/// What the names of a source's blobs begin with.
pub(super) fn prefix(source: &Source) -> String {
    if source.folder.is_empty() { String::new() } else { format!("{}/", source.folder) }
}

/// The client of this project's one implementation of TLS. It follows no redirect and no proxy of the
/// environment, which could lead the signature elsewhere.
fn http_client(source: &Source) -> Result<reqwest::Client, SourceError> {
    reqwest::Client::builder()
        .tls_version_min(reqwest::tls::Version::TLS_1_2)
        .no_proxy()
        .connect_timeout(CONNECTING)
        .read_timeout(SILENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| SourceError::Unreachable {
            of: source.name.clone(),
            place: "Azure".to_owned(),
            reason: error.without_url().to_string(),
        })
}
