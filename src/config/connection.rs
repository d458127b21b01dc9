//! Reads `[connections.NAME]`.

use std::num::{NonZeroU32, NonZeroU64};

use super::mistakes::{Mistakes, Refusal, Reported};
use super::reference::{Key, connection as keys};
use super::shown::{is_key_alone, shown};
use super::table::TableReader;
use super::{Connection, Hostname, StateIdentifiers};
use crate::names::{ConnectionName, SecretName, WorkspaceName};

/// Reads the table of the connection `name`.
pub(super) fn read(
    name: &str,
    table: &TableReader<'_, '_>,
    mistakes: &mut Mistakes<'_>,
) -> Result<Connection, Reported> {
    let display_name = table.text(&keys::DISPLAY_NAME, mistakes);
    let allow_any_hostname = table.boolean(&keys::ALLOW_ANY_HOSTNAME, mistakes);
    let hostname = read_hostname(table, allow_any_hostname.unwrap_or(true), mistakes);
    let secret = read_secret(table, mistakes);
    let workspace = read_name(table, &keys::WORKSPACE, mistakes);
    let agree_to_data_transfer = table.boolean(&keys::AGREE_TO_DATA_TRANSFER, mistakes);
    let requests_per_second = table.needed_whole_number::<u32>(&keys::REQUESTS_PER_SECOND, mistakes);
    let requests_per_hour = table.whole_number::<u64>(&keys::REQUESTS_PER_HOUR, mistakes);
    let company = read_name(table, &keys::COMPANY, mistakes);
    let objects_per_request = table.needed_whole_number::<u32>(&keys::OBJECTS_PER_REQUEST, mistakes);
    let state_identifiers = table.needed_choice(&keys::STATE_IDENTIFIERS, mistakes, StateIdentifiers::from_name);
    let audit_bucket = read_audit(table, &keys::AUDIT_BUCKET, is_bucket, mistakes);
    let audit_prefix = read_audit(table, &keys::AUDIT_PREFIX, is_prefix, mistakes);
    allow_any_hostname?;
    let (hostname, secret) = (hostname?, secret?);
    let workspace = match workspace? {
        Some(name) => WorkspaceName::named(hostname.authority(), &name),
        None => WorkspaceName::of_secret(hostname.authority(), &secret),
    };
    Ok(Connection {
        name: ConnectionName::new(name),
        display_name: display_name?.map_or_else(|| name.to_owned(), |text| text.value),
        hostname,
        workspace,
        secret,
        agree_to_data_transfer: agree_to_data_transfer?,
        // Both ranges begin at 1, so that the other branches are never taken.
        requests_per_second: NonZeroU32::new(requests_per_second?).unwrap_or(NonZeroU32::MIN),
        requests_per_hour: requests_per_hour?.and_then(NonZeroU64::new),
        company: company?,
        objects_per_request: objects_per_request? as usize,
        state_identifiers: state_identifiers?,
        audit_bucket: audit_bucket?,
        audit_prefix: audit_prefix?.unwrap_or_default(),
    })
}

/// A wrong `allow_any_hostname` must not bring a second mistake about the host with it, hence read as `true` then.
fn read_hostname(
    table: &TableReader<'_, '_>,
    allow_any_hostname: bool,
    mistakes: &mut Mistakes<'_>,
) -> Result<Hostname, Reported> {
    let text = table.needed_text(&keys::HOSTNAME, mistakes)?;
    Hostname::parse(&text.value, allow_any_hostname)
        .map_err(|refusal| table.refuse(&keys::HOSTNAME, text.offset, refusal, mistakes))
}

/// A name that becomes part of keys in the bucket.
fn read_name(table: &TableReader<'_, '_>, key: &Key, mistakes: &mut Mistakes<'_>) -> Result<Option<String>, Reported> {
    const LONGEST_NAME: usize = 64;
    let Some(text) = table.text(key, mistakes)? else {
        return Ok(None);
    };
    let fits = text.value.len() <= LONGEST_NAME
        && text.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if fits {
        return Ok(Some(text.value));
    }
    let refusal = Refusal::new(shown(&text.value), key.kind.to_string());
    Err(table.refuse(key, text.offset, refusal, mistakes))
}

/// Where Braze writes exports of segments, as far as it `fits`.
fn read_audit(
    table: &TableReader<'_, '_>,
    key: &Key,
    fits: impl Fn(&str) -> bool,
    mistakes: &mut Mistakes<'_>,
) -> Result<Option<String>, Reported> {
    match table.text(key, mistakes)? {
        Some(text) if !fits(&text.value) => {
            let refusal = Refusal::new(shown(&text.value), key.kind.to_string());
            Err(table.refuse(key, text.offset, refusal, mistakes))
        }
        text => Ok(text.map(|text| text.value)),
    }
}

/// The names of buckets (Amazon S3 User Guide, "General purpose bucket naming rules").
fn is_bucket(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| is_letter(byte) || byte == b'-' || byte == b'.')
        && name.bytes().next().is_some_and(is_letter)
}

/// A beginning of keys, as the template allows it.
fn is_prefix(prefix: &str) -> bool {
    prefix.len() <= 512
        && !prefix.starts_with('/')
        && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_.-=".contains(&byte))
}

fn read_secret(table: &TableReader<'_, '_>, mistakes: &mut Mistakes<'_>) -> Result<SecretName, Reported> {
    let Some(text) = table.text(&keys::SECRET, mistakes)? else {
        return Ok(SecretName::OfStack);
    };
    match check_secret(&text.value) {
        Ok(()) => Ok(SecretName::Named(text.value.into())),
        Err((found, advice)) => {
            let refusal = Refusal::new(found, keys::SECRET.kind.to_string()).advise(advice.map(str::to_owned));
            Err(table.refuse(&keys::SECRET, text.offset, refusal, mistakes))
        }
    }
}

/// Accepts what AWS Secrets Manager accepts: a name of 1 to 512 ASCII letters, digits and `/_+=.@-` (API reference,
/// `CreateSecret`), or the ARN of a secret. Refuses what is the API key itself, without ever repeating it.
pub(super) fn check_secret(text: &str) -> Result<(), (&'static str, Option<&'static str>)> {
    const LONGEST_NAME: usize = 512;
    let advice = Some("keep the API key in that secret as {\"api_key\": \"…\"} and write only the secret's name here");
    if text.starts_with("arn:") {
        let mut parts = text.splitn(7, ':').skip(1);
        let partition = parts.next().is_some_and(|part| part.starts_with("aws"));
        let service = parts.next() == Some("secretsmanager");
        let region = parts.next().is_some_and(|part| !part.is_empty());
        let account =
            parts.next().is_some_and(|part| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit()));
        let resource = parts.next() == Some("secret");
        let name = parts.next().is_some_and(|part| part.bytes().all(is_name_byte) && !part.is_empty());
        return match (partition && region && account && name, service && resource) {
            (true, true) => Ok(()),
            (_, false) => Err(("an ARN of something else than a secret (not shown)", None)),
            (false, true) => Err(("an incomplete ARN (not shown)", None)),
        };
    }
    if is_key_alone(text) {
        return Err(("a text that looks like the API key itself (not shown)", advice));
    }
    if text.contains("api_key") && text.contains('{') {
        return Err(("the content of a secret (not shown)", advice));
    }
    if text.len() > LONGEST_NAME || !text.bytes().all(is_name_byte) {
        return Err(("a text that no secret can have as its name (not shown)", advice));
    }
    Ok(())
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte)
}
