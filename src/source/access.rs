//! What the secret of a source holds: a SAS, or an application of Microsoft Entra ID, with a client secret or without.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

/// How a source is entered. `Debug` shows nothing of it.
#[derive(Clone)]
pub(super) enum Access {
    /// A shared access signature.
    Sas(Sas),
    /// An application of Microsoft Entra ID with a client secret.
    Application {
        /// The directory.
        tenant_id: String,
        /// The application.
        client_id: String,
        /// Its secret.
        client_secret: SecretString,
    },
    /// An application of Microsoft Entra ID that trusts the role of the function: nothing of it is secret.
    Role {
        /// The directory.
        tenant_id: String,
        /// The application.
        client_id: String,
    },
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sas(_) => "Sas(hidden)",
            Self::Application { .. } => "Application(hidden)",
            Self::Role { .. } => "Role(hidden)",
        })
    }
}

/// A shared access signature ("Create a service SAS", "Create an account SAS" in Microsoft's reference of Azure Storage).
#[derive(Clone)]
pub(super) struct Sas {
    /// The query of a URL: everything that grants access.
    query: SecretString,
    /// The URL before the query, if the secret holds a URL.
    pub(super) url: Option<Url>,
    /// When it ends; `None` if a stored access policy of the container says it.
    pub(super) expires_at: Option<Timestamp>,
    /// What is missing in it for listing and reading the files of a container.
    pub(super) lacks: Option<&'static str>,
}

impl Sas {
    /// The URL of a container with the signature.
    pub(super) fn sign(&self, mut container: Url) -> Url {
        container.set_query(Some(self.query.expose_secret()));
        container
    }
}

impl Access {
    /// Reads the text of a secret. An error says what is wrong with it, and repeats nothing of it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if !text.starts_with('{') {
            return sas(text.trim_matches('"'));
        }
        let fields: Map<String, Value> = serde_json::from_str(text).map_err(|_| "it is not JSON")?;
        let field = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim())),
            Some(_) => Err("one of its fields is empty or not a text"),
        };
        if let Some(text) = field("sas")?.or(field("sas_token")?).or(field("sas_url")?) {
            return sas(text);
        }
        let (tenant_id, client_id, client_secret) = (field("tenant_id")?, field("client_id")?, field("client_secret")?);
        let (Some(tenant_id), Some(client_id)) = (tenant_id, client_id) else {
            return Err("it has neither \"sas\", nor \"tenant_id\" and \"client_id\"");
        };
        let is_id = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if !is_id(tenant_id) || !is_id(client_id) {
            return Err("its \"tenant_id\" or \"client_id\" has characters that no ID has");
        }
        let (tenant_id, client_id) = (tenant_id.to_owned(), client_id.to_owned());
        Ok(match client_secret {
            None => Self::Role { tenant_id, client_id },
            Some(client_secret) => {
                Self::Application { tenant_id, client_id, client_secret: SecretString::from(client_secret) }
            }
        })
    }
}

fn sas(text: &str) -> Result<Access, &'static str> {
    let (url, query) = match text.split_once('?') {
        Some(("", query)) => (None, query),
        Some((url, query)) => {
            (Some(Url::parse(url).map_err(|_| "the part before its question mark is not a URL")?), query)
        }
        None if text.contains("://") => return Err("it is a URL without a SAS"),
        None => (None, text),
    };
    if query.contains("AccountKey=") {
        return Err("it is a connection string with an account key, which grants far more than reading; use a SAS");
    }
    // The query goes into URLs as it is.
    if !query.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>#\\^`{|}".contains(&byte)) {
        return Err("its SAS has characters that no SAS has: was it copied whole, without line breaks?");
    }
    let signed = Url::parse(&format!("https://sas.invalid/?{query}")).map_err(|_| "its SAS cannot be read")?;
    let value = |name: &str| signed.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if value("sig").is_none_or(|signature| signature.is_empty()) || value("sv").is_none() {
        return Err("it is no SAS: \"sv\" or \"sig\" is missing");
    }
    let expires_at = match value("se") {
        None => None,
        Some(text) => Some(time(&text).ok_or("the end of its SAS (se) is not a time")?),
    };
    Ok(Access::Sas(Sas { query: SecretString::from(query), url, expires_at, lacks: lacking(&value) }))
}

/// What a signature lacks for listing and reading, as far as it says: with a stored access policy, the policy says it.
fn lacking(value: &dyn Fn(&str) -> Option<String>) -> Option<&'static str> {
    let lacks = |name: &str, letter: char| value(name).is_some_and(|letters| !letters.contains(letter));
    if matches!(value("sr").as_deref(), Some("b" | "bs" | "bv")) {
        Some("it is for a single blob: create one for the container")
    } else if lacks("ss", 'b') {
        Some("the service Blob")
    } else if lacks("srt", 'c') || lacks("srt", 'o') {
        Some("the resource types Container and Object")
    } else if lacks("sp", 'l') {
        Some("the permission List")
    } else if lacks("sp", 'r') {
        Some("the permission Read")
    } else {
        None
    }
}

/// A time of a SAS: to the second, to the minute, or a day.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    if let Ok(day) = text.parse::<Date>() {
        return TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).ok();
    }
    let minute = text.strip_suffix('Z')?;
    format!("{minute}:00Z").parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    const CONTAINER_SAS: &str = "sv=2024-11-04&sr=c&sp=rl&se=2027-01-31T22%3A59%3A59Z&spr=https&sig=canary%2Bx%3D";

    fn read(text: &str) -> Sas {
        match Access::parse(text) {
            Ok(Access::Sas(sas)) => sas,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_sas_is_read_in_every_form_that_people_paste() {
        let url = format!("https://acct.blob.core.windows.net/ci?{CONTAINER_SAS}");
        for text in [
            CONTAINER_SAS.to_owned(),
            format!("?{CONTAINER_SAS}\n"),
            format!("{{\"sas\": \"{CONTAINER_SAS}\"}}"),
            format!("{{\"sas_token\": \"?{CONTAINER_SAS}\"}}"),
            url.clone(),
            format!("{{\"sas_url\": \"{url}\"}}"),
        ] {
            let sas = read(&text);
            assert_eq!(sas.expires_at, Some("2027-01-31T22:59:59Z".parse().unwrap()), "{text}");
            assert_eq!(sas.lacks, None);
            assert_eq!(sas.url.is_some(), text.contains("://"));
            let signed = sas.sign(Url::parse("https://other.example/c").unwrap());
            assert_eq!(signed.as_str(), format!("https://other.example/c?{CONTAINER_SAS}"));
        }
    }

    #[test]
    fn times_of_every_form_end_a_sas() {
        for (text, time) in [
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("2027-01-31T05:00Z", "2027-01-31T05:00:00Z"),
            ("2027-01-31T05:00:07Z", "2027-01-31T05:00:07Z"),
            ("2027-01-31T05:00:07.1234567Z", "2027-01-31T05:00:07.1234567Z"),
        ] {
            assert_eq!(read(&format!("sv=1&sig=x&se={text}")).expires_at, Some(time.parse().unwrap()), "{text}");
        }
        assert_eq!(read("sv=1&sig=x&si=policy").expires_at, None);
    }

    #[test]
    fn what_a_sas_lacks_is_named_before_anything_is_asked() {
        for (sas, lacks) in [
            ("sr=c&sp=r", Some("the permission List")),
            ("sr=c&sp=wl", Some("the permission Read")),
            ("sr=b&sp=r", Some("it is for a single blob: create one for the container")),
            ("ss=f&srt=sco&sp=rl", Some("the service Blob")),
            ("ss=bf&srt=o&sp=rl", Some("the resource types Container and Object")),
            ("ss=b&srt=co&sp=rwdl", None),
            ("sr=d&sdd=2&sp=rle", None),
            ("si=policy", None),
        ] {
            assert_eq!(read(&format!("sv=1&sig=x&{sas}")).lacks, lacks, "{sas}");
        }
    }

    #[test]
    fn what_is_no_access_is_refused_without_repeating_it() {
        for (text, found) in [
            ("{\"sas\": ", "it is not JSON"),
            ("{\"sas\": 7}", "one of its fields is empty or not a text"),
            ("{\"api_key\": \"canary\"}", "it has neither \"sas\", nor \"tenant_id\" and \"client_id\""),
            (
                "{\"tenant_id\": \"a\", \"client_secret\": \"canary\"}",
                "it has neither \"sas\", nor \"tenant_id\" and \"client_id\"",
            ),
            ("canary", "it is no SAS: \"sv\" or \"sig\" is missing"),
            ("https://acct.blob.core.windows.net/ci", "it is a URL without a SAS"),
            ("sv=1&sig=can\nary", "its SAS has characters that no SAS has: was it copied whole, without line breaks?"),
            (
                "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=canary==",
                "it is a connection string with an account key, which grants far more than reading; use a SAS",
            ),
            ("sv=1&sig=x&se=soon", "the end of its SAS (se) is not a time"),
        ] {
            assert_eq!(Access::parse(text).unwrap_err(), found, "{text}");
        }
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let application = r#"{"tenant_id": "t-canary", "client_id": "c-canary", "client_secret": "canary"}"#;
        let role = r#"{"tenant_id": "t-canary", "client_id": "c-canary"}"#;
        for text in [CONTAINER_SAS, application, role] {
            let shown = format!("{:?}", Access::parse(text).unwrap());
            assert!(shown.ends_with("(hidden)"), "{shown}");
        }
    }
}
