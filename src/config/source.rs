//! `[sources.NAME]`: a place that files are fetched from.

use std::sync::Arc;

use super::connection::check_secret;
use super::mistakes::{Located, Mistakes, Refusal, Reported};
use super::reference::source as keys;
use super::shown::{quoted, shown};
use super::table::TableReader;
use super::{Export, SourceKind, folder, hostname};
use crate::names::SourceName;

/// A place that files are fetched from into the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The key of its table.
    pub name: SourceName,
    /// What kind of storage it is.
    pub kind: SourceKind,
    /// The URL of the account, without a slash at its end; `None` if the secret holds a whole SAS URL.
    pub account_url: Option<String>,
    /// The container; `None` if the secret holds a whole SAS URL.
    pub container: Option<String>,
    /// The folder in the container, without slashes around it; empty for the whole container.
    pub folder: String,
    /// The secret with the SAS or the application.
    pub secret: Arc<str>,
    /// The folder below `incoming/` that the files are copied into, without a slash at its end.
    pub into: String,
    /// Files that last changed more than this number of days ago are not fetched (default 7).
    pub keep_days: u32,
}

/// What to do with a SAS in the configuration.
const INTO_THE_SECRET: &str = "store the SAS in the secret, as {\"sas\": \"…\"}";

/// What the comparison of sources with each other needs of one: its table, and where its files go.
pub(super) type Destination = (String, Located<String>);

/// Reads the table of the source `name`. Where its files go is known even if it has other mistakes.
pub(super) fn read(
    name: &str,
    table: &TableReader<'_, '_>,
    mistakes: &mut Mistakes<'_>,
) -> (Result<Source, Reported>, Option<Destination>) {
    let into = folder::read_folder(table, &keys::INTO, mistakes);
    let destination = into.as_ref().ok().map(|into| (table.path().to_owned(), into.clone()));
    (read_into(name, table, into, mistakes), destination)
}

fn read_into(
    name: &str,
    table: &TableReader<'_, '_>,
    into: Result<Located<String>, Reported>,
    mistakes: &mut Mistakes<'_>,
) -> Result<Source, Reported> {
    let kind = match table.choice(&keys::KIND, mistakes, SourceKind::from_name) {
        Ok(Some(kind)) => Ok(kind.value),
        // A required key that is missing has been reported.
        Ok(None) => Ok(SourceKind::AzureBlob),
        Err(reported) => Err(reported),
    };
    let account_url = read_account_url(table, mistakes);
    let container = read_container(table, mistakes);
    let folder = read_source_folder(table, mistakes);
    let secret = read_secret(table, mistakes);
    let keep_days = table.needed_whole_number::<u32>(&keys::KEEP_DAYS, mistakes);
    let (account_url, container) = (account_url?, container?);
    let missing = match (&account_url, &container) {
        (Some(_), None) => Some(&keys::CONTAINER),
        (None, Some(_)) => Some(&keys::ACCOUNT_URL),
        _ => None,
    };
    if let Some(key) = missing {
        let refusal = Refusal::new("nothing, the key is missing", key.kind.to_string()).advise(Some(
            "account_url and container go together, or are both left out with a SAS URL in the secret".into(),
        ));
        return Err(table.refuse(key, table.offset(), refusal, mistakes));
    }
    Ok(Source {
        name: SourceName::new(name),
        kind: kind?,
        account_url,
        container,
        folder: folder?,
        secret: secret?.into(),
        into: into?.value,
        keep_days: keep_days?,
    })
}

/// A URL of HTTPS without a path, or of an emulator on this machine, which has the account in its path.
fn read_account_url(table: &TableReader<'_, '_>, mistakes: &mut Mistakes<'_>) -> Result<Option<String>, Reported> {
    let Some(text) = table.text(&keys::ACCOUNT_URL, mistakes)? else {
        return Ok(None);
    };
    check_account_url(text.value.trim()).map(Some).map_err(|(found, advice)| {
        let refusal = Refusal::new(found, keys::ACCOUNT_URL.kind.to_string()).advise(advice);
        table.refuse(&keys::ACCOUNT_URL, text.offset, refusal, mistakes)
    })
}

/// The URL without a slash at its end, or what is wrong with it and what to do. What follows a question mark is never shown.
fn check_account_url(text: &str) -> Result<String, (String, Option<String>)> {
    if text.contains(['?', '#', '@']) {
        let found = "a URL with a SAS, a user or a fragment (not shown)".to_owned();
        return Err((found, Some(INTO_THE_SECRET.to_owned())));
    }
    if text.chars().any(|one| one.is_whitespace() || one.is_control() || one == '\\') {
        return Err((format!("{}, with a space or a backslash", shown(text)), None));
    }
    let lower = text.to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://").unwrap_or(("", lower.as_str()));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.trim_end_matches('/');
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    if scheme.is_empty() {
        let advice = (!authority.is_empty() && path.is_empty()).then(|| {
            let host = if authority.contains('.') { rest.to_owned() } else { format!("{rest}.blob.core.windows.net") };
            format!("write it as {}", quoted(&format!("https://{host}")))
        });
        return Err((shown(text), advice));
    }
    if hostname::LOOPBACK_HOSTS.contains(&host) && matches!(scheme, "http" | "https") {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    if scheme != "https" {
        return Err((shown(text), Some("only https is allowed".to_owned())));
    }
    if let Some(account) = host.split_once(".dfs.").map(|(account, rest)| format!("https://{account}.blob.{rest}")) {
        let advice = format!("the files are read through the Blob service: write {}", quoted(&account));
        return Err((shown(text), Some(advice)));
    }
    if !path.is_empty() {
        return Err((shown(text), Some("write what follows the host as container and folder".to_owned())));
    }
    if !host.contains('.') || host.split('.').any(str::is_empty) {
        return Err((shown(text), None));
    }
    Ok(format!("https://{authority}"))
}

/// A container: 3 to 63 lower-case letters, digits and single hyphens ("Naming and Referencing Containers, Blobs, and
/// Metadata"), or one with a name that the service reserves.
fn read_container(table: &TableReader<'_, '_>, mistakes: &mut Mistakes<'_>) -> Result<Option<String>, Reported> {
    let Some(text) = table.text(&keys::CONTAINER, mistakes)? else {
        return Ok(None);
    };
    let name = text.value.as_str();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = (3..=63).contains(&name.len())
        && name.bytes().all(|byte| plain(byte) || byte == b'-')
        && name.bytes().next().is_some_and(plain)
        && name.bytes().last().is_some_and(plain)
        && !name.contains("--");
    if fits || matches!(name, "$root" | "$web") {
        return Ok(Some(text.value));
    }
    let advice = if name.contains('/') {
        Some("write the folder in the container as folder".to_owned())
    } else if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Some("Azure's containers are in lower case".to_owned())
    } else {
        None
    };
    let refusal = Refusal::new(shown(name), keys::CONTAINER.kind.to_string()).advise(advice);
    Err(table.refuse(&keys::CONTAINER, text.offset, refusal, mistakes))
}

/// A folder in the container; slashes around it are accepted.
fn read_source_folder(table: &TableReader<'_, '_>, mistakes: &mut Mistakes<'_>) -> Result<String, Reported> {
    const LONGEST: usize = 512;
    let Some(text) = table.text(&keys::FOLDER, mistakes)? else {
        return Ok(String::new());
    };
    let folder = text.value.trim_matches('/');
    let wrong = folder.len() > LONGEST
        || folder.contains("://")
        || folder.chars().any(|one| one.is_control() || one == '\\' || one == '?')
        || folder.split('/').any(|part| matches!(part, "" | "." | ".."));
    if !wrong || folder.is_empty() {
        return Ok(folder.to_owned());
    }
    let found = if folder.contains('?') { "a text with a question mark (not shown)".to_owned() } else { shown(folder) };
    let refusal = Refusal::new(found, keys::FOLDER.kind.to_string());
    Err(table.refuse(&keys::FOLDER, text.offset, refusal, mistakes))
}

fn read_secret(table: &TableReader<'_, '_>, mistakes: &mut Mistakes<'_>) -> Result<String, Reported> {
    let text = table.needed_text(&keys::SECRET, mistakes)?;
    match check_secret(&text.value) {
        Ok(()) if !is_sas(&text.value) => Ok(text.value),
        refused => {
            let found = refused.err().map_or("a SAS (not shown)", |(found, _)| found);
            let advice =
                is_sas(&text.value).then(|| format!("{INTO_THE_SECRET}, and write only the secret's name here"));
            let refusal = Refusal::new(found, keys::SECRET.kind.to_string()).advise(advice);
            Err(table.refuse(&keys::SECRET, text.offset, refusal, mistakes))
        }
    }
}

fn is_sas(text: &str) -> bool {
    text.contains("sig=") || text.contains("sv=") || text.contains("://")
}

impl Source {
    /// Whether its files go into the folder of an export, or its folder is in theirs.
    pub fn feeds(&self, export: &Export) -> bool {
        folder::overlap(&self.into, &export.folder)
    }
}

/// Records sources whose files would go into each other's folders: a file of one would replace that of the other.
pub(super) fn check_destinations(destinations: &[Destination], mistakes: &mut Mistakes<'_>) {
    for (index, (table, into)) in destinations.iter().enumerate() {
        let mut before = destinations.iter().take(index);
        let earlier = before.find(|(_, earlier)| folder::overlap(&earlier.value, &into.value));
        if let Some((earlier, _)) = earlier {
            let found = format!("{}, which overlaps with into of [{earlier}]", quoted(&into.value));
            mistakes.add(
                table,
                keys::INTO.name,
                into.offset,
                Refusal::new(found, "a folder of its own for each source"),
            );
        }
    }
}
