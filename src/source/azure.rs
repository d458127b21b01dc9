//! A container of Azure Blob Storage, through Microsoft's own client.

use std::error::Error as _;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::response::AsyncResponseBody;
use azure_core::http::{ClientOptions, Etag, ExponentialRetryOptions, RetryOptions, Transport};
use azure_storage_blob::models::{BlobClientDownloadOptions, BlobContainerClientListBlobsOptions, BlobItem};
use azure_storage_blob::{BlobContainerClient, BlobContainerClientOptions};
use futures::TryStreamExt;
use jiff::Timestamp;
use reqwest::Url;

use super::access::Access;
use super::credential;
use super::error::SourceError;
use crate::config::Source;
use crate::names::SourceName;
use crate::secrets::RoleIdentity;

/// A blob as the listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blob {
    /// Its name in the container.
    pub(super) name: String,
    /// The tag of its content, without quotes.
    pub(super) etag: String,
    /// Its size in bytes.
    pub(super) size: u64,
    /// The MD5 of its content, if its writer or Azure has stored one.
    pub(super) md5: Option<Vec<u8>>,
    /// When it last changed, by Azure's clock.
    pub(super) last_modified: Timestamp,
}

/// Why a blob could not be read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It is gone.
    Gone,
    /// Its content is no longer the one in the listing.
    Changed,
    /// The connection broke or Azure had a hiccup: worth another attempt.
    Interrupted(SourceError),
    /// Another attempt would fail as well.
    Failed(SourceError),
}

/// One GET reads a whole blob: the client reads larger ones in ranges of this size, each held in memory.
const ONE_RANGE: NonZeroUsize = NonZeroUsize::new(1 << 45).unwrap();

/// How often a request is repeated that failed for a moment: 6 seconds in all, as the waits double from 0.4 s.
const RETRIES: u32 = 4;

/// A container, and the right to read it. `Debug` shows nothing of the right.
#[derive(Clone)]
pub(super) struct Container {
    of: SourceName,
    client: Arc<BlobContainerClient>,
    place: String,
    with_sas: bool,
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Container({})", self.place)
    }
}

impl Container {
    /// The container of a source. Nothing is asked of it yet; with [`Access::Role`], AWS is asked for a token of `role`.
    pub(super) async fn open(
        source: &Source,
        access: &Access,
        role: Option<&RoleIdentity>,
        http: &reqwest::Client,
    ) -> Result<Self, SourceError> {
        let of = source.name.clone();
        let url = address(source, access).ok_or_else(|| SourceError::NoContainer { of: of.clone() })?;
        let place = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
        let retry = RetryOptions::exponential(ExponentialRetryOptions { max_retries: RETRIES, ..Default::default() });
        let transport = Some(Transport::new(Arc::new(http.clone())));
        let client_options = ClientOptions { transport, retry, ..ClientOptions::default() };
        let failed = |error: &Error| SourceError::Failed {
            of: of.clone(),
            what: "open",
            place: place.clone(),
            status: 0,
            code: innermost(error),
        };
        let (url, credential): (Url, Option<Arc<dyn TokenCredential>>) = match access {
            Access::Sas(sas) => (sas.sign(url), None),
            Access::Application { tenant_id, client_id, client_secret } => {
                let credential = credential::by_secret(tenant_id, client_id, client_secret, client_options.clone());
                (url, Some(credential.map_err(|error| failed(&error))?))
            }
            Access::Role { tenant_id, client_id } => {
                let role = role.ok_or_else(|| SourceError::NoRole { of: of.clone() })?;
                let token = role.token(credential::AUDIENCE).await;
                let token = token.map_err(|reason| SourceError::NoToken { of: of.clone(), reason })?;
                let credential = credential::by_role(tenant_id, client_id, token, client_options.clone());
                (url, Some(credential.map_err(|error| failed(&error))?))
            }
        };
        let options = BlobContainerClientOptions { client_options, ..BlobContainerClientOptions::default() };
        let client = BlobContainerClient::new(url, credential, Some(options)).map_err(|error| failed(&error))?;
        Ok(Self { of, client: Arc::new(client), place, with_sas: matches!(access, Access::Sas(_)) })
    }

    /// Account and container, as messages show them.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Calls `see` with every blob below `prefix`, and gives the number of calls that it took: one for each 5,000 blobs ("List
    /// Blobs" in Microsoft's reference).
    pub(super) async fn list(&self, prefix: &str, mut see: impl FnMut(Blob)) -> Result<u64, SourceError> {
        let prefix = (!prefix.is_empty()).then(|| prefix.to_owned());
        let options = BlobContainerClientListBlobsOptions { prefix, ..BlobContainerClientListBlobsOptions::default() };
        let failed = |error: &Error| self.error("list", error);
        let mut pages = self.client.list_blobs(Some(options)).map_err(|error| failed(&error))?.into_pages();
        let mut calls = 0;
        while let Some(page) = pages.try_next().await.map_err(|error| failed(&error))? {
            calls += 1;
            let page = page.into_model().map_err(|error| failed(&error))?;
            page.blob_items.into_iter().filter_map(blob).for_each(&mut see);
        }
        Ok(calls)
    }

    /// Opens a blob for streaming, if its content is still that of the listing.
    pub(super) async fn open_blob(&self, blob: &Blob) -> Result<AsyncResponseBody, ReadError> {
        let options = BlobClientDownloadOptions {
            if_match: Some(Etag::from(format!("\"{}\"", blob.etag))),
            parallel: Some(NonZeroUsize::MIN),
            partition_size: Some(ONE_RANGE),
            ..BlobClientDownloadOptions::default()
        };
        match self.client.blob_client(&blob.name).download(Some(options)).await {
            Ok(answer) => Ok(answer.body),
            Err(error) => Err(self.read_error(blob, &error)),
        }
    }

    /// What an error in the middle of a blob means.
    pub(super) fn interrupted(&self, error: &Error) -> ReadError {
        ReadError::Interrupted(self.error("read", error))
    }

    fn read_error(&self, blob: &Blob, error: &Error) -> ReadError {
        let (status, code) = answered(error);
        match (status, code.as_str()) {
            (412, _) => ReadError::Changed,
            (404, "ContainerNotFound" | "ResourceNotFound") => ReadError::Failed(self.error("read", error)),
            (404, _) => ReadError::Gone,
            (409, "BlobArchived" | "BlobBeingRehydrated") => {
                ReadError::Failed(SourceError::Archived { of: self.of.clone(), blob: blob.name.clone() })
            }
            (0 | 408 | 429 | 500.., _) => ReadError::Interrupted(self.error("read", error)),
            _ => ReadError::Failed(self.error("read", error)),
        }
    }

    /// An error in the words of the places where it can be fixed (codes: "Blob Storage error codes" and "Common REST API error
    /// codes" in Microsoft's reference).
    fn error(&self, what: &'static str, error: &Error) -> SourceError {
        let (of, place) = (self.of.clone(), self.place.clone());
        let (status, code) = answered(error);
        match (status, code.as_str()) {
            (0, _) if matches!(error.kind(), ErrorKind::Credential) => {
                SourceError::Application { of, code: entra_code(error) }
            }
            (0, _) if matches!(error.kind(), ErrorKind::Connection | ErrorKind::Io) => {
                SourceError::Unreachable { of, place, reason: innermost(error) }
            }
            (0, _) => SourceError::Failed { of, what, place, status, code: innermost(error) },
            (403, "AuthorizationFailure" | "AuthorizationSourceIPMismatch" | "IPAuthorizationError") => {
                SourceError::Firewall { of, place, code }
            }
            (403, "KeyBasedAuthenticationNotPermitted") => SourceError::KeysDisabled { of, place },
            (403, "AuthenticationFailed") if self.with_sas => SourceError::Refused { of, place, code },
            (401 | 403, _) => SourceError::Rights { of, what, place, code },
            (404, "ContainerNotFound" | "ResourceNotFound") => SourceError::NoSuchContainer { of, place },
            _ => SourceError::Failed { of, what, place, status, code },
        }
    }
}

/// The URL of the container without any right.
fn address(source: &Source, access: &Access) -> Option<Url> {
    if let (Some(account), Some(container)) = (&source.account_url, &source.container) {
        return Url::parse(&format!("{account}/{container}")).ok();
    }
    let Access::Sas(sas) = access else { return None };
    let mut url = sas.url.clone()?;
    url.set_query(None);
    // An account SAS comes with the URL of the account alone.
    (!url.path().trim_matches('/').is_empty()).then_some(url)
}

fn blob(item: BlobItem) -> Option<Blob> {
    let properties = item.properties?;
    let name = item.name.filter(|_| item.deleted != Some(true))?;
    // In an account with a hierarchical namespace, folders are listed as well: as empty blobs.
    let is_folder = properties.content_length == Some(0) && !name.rsplit('/').next()?.contains('.');
    if is_folder {
        return None;
    }
    Some(Blob {
        name,
        etag: properties.etag?.to_string().trim_matches('"').to_owned(),
        size: properties.content_length?,
        md5: properties.content_md5.filter(|md5| !md5.is_empty()),
        last_modified: Timestamp::new(properties.last_modified?.unix_timestamp(), 0).ok()?,
    })
}

/// The status and the code of Azure's answer; 0 if there was none.
fn answered(error: &Error) -> (u16, String) {
    match error.kind() {
        ErrorKind::HttpResponse { status, error_code, .. } => {
            let code = error_code.as_deref().unwrap_or_default();
            // A code is a word; anything else may be a text that repeats the request.
            let is_word = code.len() <= 60 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
            (u16::from(*status), if is_word { code.to_owned() } else { String::new() })
        }
        _ => (0, String::new()),
    }
}

/// The innermost cause of an error. The errors around it name the URL, and with it the signature.
fn innermost(error: &Error) -> String {
    let mut cause = error.source();
    while let Some(next) = cause.and_then(std::error::Error::source) {
        cause = Some(next);
    }
    match cause {
        Some(cause) if cause.is::<reqwest::Error>() => "the connection failed".to_owned(),
        Some(cause) => cause.to_string(),
        None => "no reason given".to_owned(),
    }
}

/// The code in what Entra ID said, such as `AADSTS7000222`. It is in one of the causes; nothing else of their texts is shown.
fn entra_code(error: &Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(this) = cause {
        let text = format!("{this} {this:?}");
        if let Some((_, rest)) = text.split_once("AADSTS") {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return format!("AADSTS{digits}");
        }
        cause = this.source();
    }
    "no code".to_owned()
}
