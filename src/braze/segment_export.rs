//! Asks Braze for everyone in a segment (`POST /users/export/segment`, permission `users.export.segment`). Braze prepares the
//! export for minutes to hours, and writes it to the company's own bucket, or to an address that its answer names. Source:
//! Braze's page "Export user profile by segment".

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::timeout;

use super::client::BrazeClient;
use super::reason::presentable;
use super::transport::{Body, Download, Lost, Read};
use crate::message::codes;
use crate::secrets::ApiKey;

const PATH: &str = "/users/export/segment";

/// The time limit of the request.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest address that is taken.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// An export that Braze prepares.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct SegmentExport {
    /// The folder of its files in the company's bucket: a random UUID and the time.
    #[serde(default)]
    pub object_prefix: String,
    /// Where it can be downloaded once it is ready, for a few hours. Without one, it is written to the company's bucket.
    #[serde(default)]
    pub url: Option<String>,
}

/// Why Braze does not export a segment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExportError {
    /// The API key has no permission `users.export.segment`.
    ///
    /// Fix: create a key that has the permission as well, and store it in the connection's secret.
    #[error(
        "the API key has no permission users.export.segment\n\
         Nothing was compared or sent. Create a key in Braze that has it as well, and store it in the connection's secret."
    )]
    Denied,
    /// Braze refuses to export the segment: it does not know it, or exports it at the moment.
    ///
    /// Fix: check the Segment API identifier under `audit_segment_ids`; Braze runs one export of a segment at a time.
    #[error(
        "Braze does not export the segment ({status}): {reason}\n\
         Nothing was compared or sent. Check its identifier under audit_segment_ids. Braze runs one export of a segment at a time."
    )]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Braze's reason, without personal data.
        reason: String,
    },
    /// Braze did not answer, or is overloaded.
    ///
    /// Fix: nothing to do if the schedule is active; otherwise ask again later.
    #[error("Braze did not answer the request for an export\nNothing was compared or sent. Ask again later.")]
    Silent,
}

codes!(ExportError { Denied = "ITB-Y21", Refused = "ITB-Y22", Silent = "ITB-Y23" });

impl BrazeClient {
    /// Asks for everyone in `segment`, with identifiers and the custom attribute `attribute`.
    pub async fn export_segment(
        &self,
        key: &ApiKey,
        segment: &str,
        attribute: &str,
    ) -> Result<SegmentExport, ExportError> {
        let authorization = key.authorization().ok_or(ExportError::Denied)?;
        let body = json!({
            "segment_id": segment,
            "fields_to_export": ["external_id", "email"],
            "custom_attributes_to_export": [attribute],
            "output_format": "zip",
        })
        .to_string();
        let read = Read { authorization, path: PATH.to_owned(), body: Some(body.clone().into()) };
        let Ok(Ok(answer)) = timeout(PATIENCE, self.shared().transport.read(read)).await else {
            return Err(ExportError::Silent);
        };
        let text = answer.body.unwrap_or_default();
        match answer.status {
            200..=299 => {}
            401..=403 => return Err(ExportError::Denied),
            429 | 500..=599 => return Err(ExportError::Silent),
            status => {
                let reason = presentable(&message(&text), body.as_bytes(), key);
                return Err(ExportError::Refused { status, reason });
            }
        }
        let export: Option<SegmentExport> = serde_json::from_slice(&text).ok();
        let export = export.filter(|export| export.url.is_some() || !export.object_prefix.is_empty());
        export.ok_or_else(|| ExportError::Refused {
            status: answer.status,
            reason: "the answer names neither files nor an address".to_owned(),
        })
    }

    /// Opens an export at an address that may be asked ([`may_be_asked`](Self::may_be_asked)), without the key; `patience`
    /// is for all of it. `None` if it is not ready yet.
    pub async fn download(&self, address: Url, patience: Duration) -> Result<Option<Body>, Lost> {
        match self.shared().transport.download(Download { address, patience }).await? {
            (200, body) => Ok(Some(body)),
            _ => Ok(None),
        }
    }

    /// The address, if it is one of AWS or Braze over TLS. A workspace on this machine, as in tests, may name an address there.
    pub fn may_be_asked(&self, address: &str) -> Option<Url> {
        let address = Some(address).filter(|address| address.len() <= LONGEST_ADDRESS)?;
        let address = Url::parse(address).ok()?;
        let is_plain = address.username().is_empty() && address.password().is_none();
        let host = address.host_str()?;
        let on_this_machine = |host: &str| matches!(host, "127.0.0.1" | "localhost" | "[::1]");
        let own_host = self.host().rsplit_once(':').map_or(self.host(), |(host, _)| host);
        let is_test = address.scheme() == "http" && on_this_machine(host) && on_this_machine(own_host);
        let is_expected = address.scheme() == "https"
            && address.port().is_none()
            && EXPECTED_HOSTS.iter().any(|expected| host.strip_suffix(expected).is_some_and(|rest| !rest.is_empty()));
        (is_plain && (is_expected || is_test)).then_some(address)
    }
}

/// What Braze's answer says in words.
fn message(text: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(text).unwrap_or_default();
    let said = answer.get("message").or_else(|| answer.get("error")).and_then(Value::as_str);
    said.map_or_else(|| String::from_utf8_lossy(text).into_owned(), str::to_owned)
}

/// How hosts end that exports are downloaded from: Braze stores them in Amazon S3.
const EXPECTED_HOSTS: [&str; 3] = [".amazonaws.com", ".braze.com", ".braze.eu"];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::http_clients::HttpClients;
    use super::super::tests::connection;
    use super::*;

    #[test]
    fn only_aws_and_braze_over_tls_are_asked() {
        let asked = |own: &str, address: &str| {
            let (scheme, authority) = own.split_once("://").unwrap();
            let scheme = if scheme == "http" { "http" } else { "https" };
            let client = BrazeClient::new(&connection(scheme, authority), HttpClients::default());
            client.may_be_asked(address).is_some()
        };
        for address in [
            "https://bucket.s3.amazonaws.com/export.zip?X-Amz-Signature=abc",
            "https://s3.eu-central-1.amazonaws.com/bucket/export.zip",
            "https://cdn.braze.com/export.zip",
            "https://dashboard-01.braze.eu/export.zip",
        ] {
            assert!(asked("https://rest.fra-01.braze.eu", address), "{address}");
        }
        for address in [
            "http://bucket.s3.amazonaws.com/export.zip",
            "https://amazonaws.com.example.net/export.zip",
            "https://evilamazonaws.com/export.zip",
            "https://.amazonaws.com/export.zip",
            "https://user@bucket.s3.amazonaws.com/export.zip",
            "https://bucket.s3.amazonaws.com:8443/export.zip",
            "https://169.254.169.254/latest",
            "http://127.0.0.1:1234/export.zip",
            "file:///etc/passwd",
            "no address",
        ] {
            assert!(!asked("https://rest.fra-01.braze.eu", address), "{address}");
        }
        assert!(asked("http://127.0.0.1:1", "http://127.0.0.1:1234/export.zip"));
        assert!(!asked("http://127.0.0.1:1", "http://169.254.169.254/export.zip"));
        let long = format!("https://bucket.s3.amazonaws.com/{}", "x".repeat(LONGEST_ADDRESS));
        assert!(!asked("https://rest.fra-01.braze.eu", &long));
    }
}
