//! Reads what a workspace holds, with permissions that a key may have: its custom attributes (`custom_attributes.get`), and
//! profiles by their identifiers (`users.export.ids`). Sources: Braze's pages "Export custom attributes" and "Export user
//! profile by identifier".
//!
//! Nothing that is read here is needed to deliver. So a request is short, is not repeated, and what may not be read is
//! remembered for a while.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::client::BrazeClient;
use super::read_memory::{
    Endpoint, FieldsRead, ProfileRead, REMEMBERED, ReadMemory, ReadProfiles, Unread, WorkspaceAttribute,
    WorkspaceAttributes,
};
use super::shared::lock;
use super::transport::{Read, ReadAnswer};
use crate::secrets::ApiKey;

/// The time limit of a request.
const PATIENCE: Duration = Duration::from_secs(3);

/// The most pages of attributes that are read, of 50 each. The limit is 1,000 requests an hour, shared with other endpoints.
const MOST_PAGES: usize = 40;

/// The most people in one request.
pub(super) const MOST_PEOPLE: usize = 50;

#[derive(Deserialize)]
struct AttributePage {
    attributes: Vec<WorkspaceAttribute>,
}

#[derive(Deserialize)]
struct ProfilePage {
    users: Vec<ProfileRead>,
}

impl BrazeClient {
    /// Why an endpoint is not asked: it refused lately.
    pub fn known_unread(&self, key: &ApiKey, endpoint: Endpoint) -> Option<Unread> {
        lock(&self.shared().reads).of(key).unread(endpoint)
    }

    /// Whether an endpoint that nothing depends on is worth a request: it did not refuse lately, and neither did another one
    /// while this one has never answered.
    pub fn is_worth_asking(&self, key: &ApiKey, endpoint: Endpoint) -> bool {
        let mut memory = lock(&self.shared().reads);
        let memory = memory.of(key);
        let refused = |endpoint| memory.unread(endpoint).is_some();
        let others_refused = [Endpoint::Attributes, Endpoint::Profiles].into_iter().any(refused);
        !refused(endpoint) && (memory.readable.contains(&endpoint) || !others_refused)
    }

    /// Asks again what was refused or is known: a person wants to know.
    pub fn forget_unread(&self) {
        *lock(&self.shared().reads) = ReadMemory::default();
    }

    /// The custom attributes of the workspace, at most an hour old, and since when they are known.
    pub async fn attributes(&self, key: &ApiKey) -> Result<(Arc<WorkspaceAttributes>, Instant), Unread> {
        if let Some(unread) = self.known_unread(key, Endpoint::Attributes) {
            return Err(unread);
        }
        let known = lock(&self.shared().reads).of(key).attributes.clone();
        if let Some(known) = known.filter(|(_, since)| since.elapsed() < REMEMBERED) {
            return Ok(known);
        }
        let mut found = WorkspaceAttributes::default();
        let mut path = Endpoint::Attributes.path().to_owned();
        for _ in 0..MOST_PAGES {
            let answer = self.read(key, Endpoint::Attributes, path, None).await?;
            let page: AttributePage = self.parsed(key, Endpoint::Attributes, &answer)?;
            found.by_name.extend(page.attributes.into_iter().map(|attribute| (attribute.name.clone(), attribute)));
            let Some(cursor) = answer.link.as_deref().and_then(next_cursor) else {
                found.are_all = true;
                break;
            };
            path = format!("{}?cursor={cursor}", Endpoint::Attributes.path());
        }
        let known = (Arc::new(found), Instant::now());
        lock(&self.shared().reads).of(key).attributes = Some(known.clone());
        Ok(known)
    }

    /// The profiles with these customer IDs, with `fields`; at most 50 are asked for at once.
    pub async fn profiles(&self, key: &ApiKey, ids: &[&str], fields: FieldsRead) -> Result<ReadProfiles, Unread> {
        let mut read = ReadProfiles::default();
        for ids in ids.chunks(MOST_PEOPLE) {
            let body = json!({ "external_ids": ids, "fields_to_export": fields });
            for profile in self.export(key, &body).await? {
                if let Some(id) = profile.get("external_id").and_then(Value::as_str) {
                    read.by_identifier.entry(id.to_owned()).or_default().push(profile);
                }
            }
        }
        Ok(read)
    }

    /// The profiles with this email address.
    pub async fn profiles_with_email(
        &self,
        key: &ApiKey,
        email: &str,
        fields: FieldsRead,
    ) -> Result<Vec<ProfileRead>, Unread> {
        self.export(key, &json!({ "email_address": email, "fields_to_export": fields })).await
    }

    async fn export(&self, key: &ApiKey, body: &Value) -> Result<Vec<ProfileRead>, Unread> {
        let endpoint = Endpoint::Profiles;
        if let Some(unread) = self.known_unread(key, endpoint) {
            return Err(unread);
        }
        let answer = self.read(key, endpoint, endpoint.path().to_owned(), Some(body.to_string().into())).await?;
        Ok(self.parsed::<ProfilePage>(key, endpoint, &answer)?.users)
    }

    async fn read(
        &self,
        key: &ApiKey,
        endpoint: Endpoint,
        path: String,
        body: Option<Bytes>,
    ) -> Result<ReadAnswer, Unread> {
        if key.is_empty() {
            return Err(Unread::NoKey);
        }
        let Some(authorization) = key.authorization() else {
            return Err(Unread::Denied(endpoint));
        };
        let answer = timeout(PATIENCE, self.shared().transport.read(Read { authorization, path, body })).await;
        let unread = match answer {
            Ok(Ok(answer)) => match answer.status {
                200..=299 => return Ok(answer),
                401..=403 => Unread::Denied(endpoint),
                429 => Unread::RateLimited(endpoint),
                500..=599 => Unread::Silent(endpoint),
                status => Unread::Absent { endpoint, status },
            },
            Ok(Err(_)) | Err(_) => Unread::Silent(endpoint),
        };
        Err(self.remember(key, endpoint, unread))
    }

    fn parsed<T: for<'a> Deserialize<'a>>(
        &self,
        key: &ApiKey,
        endpoint: Endpoint,
        answer: &ReadAnswer,
    ) -> Result<T, Unread> {
        let parsed = answer.body.as_ref().and_then(|body| serde_json::from_slice(body).ok());
        if parsed.is_some() {
            lock(&self.shared().reads).of(key).readable.insert(endpoint);
        }
        parsed.ok_or_else(|| self.remember(key, endpoint, Unread::Absent { endpoint, status: answer.status }))
    }

    fn remember(&self, key: &ApiKey, endpoint: Endpoint, unread: Unread) -> Unread {
        tracing::debug!(%unread, "the workspace is not read");
        lock(&self.shared().reads).of(key).unread.insert(endpoint, (unread.clone(), Instant::now()));
        unread
    }
}

/// The cursor of the next page. The rest of the address is not used: the key goes to no other host.
fn next_cursor(link: &str) -> Option<String> {
    let next = link.split(',').find(|link| {
        let relation = link.split_once(';').map_or("", |(_, parameters)| parameters);
        relation.replace(['"', ' '], "").contains("rel=next")
    })?;
    let address = next.split_once('<')?.1.split_once('>')?.0;
    let cursor = address.split(['?', '&']).find_map(|field| field.strip_prefix("cursor="))?;
    let is_plain = cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%-_.~+/=".contains(&byte));
    (is_plain && !cursor.is_empty()).then(|| cursor.to_owned())
}

#[cfg(test)]
mod tests {
    use super::next_cursor;

    #[test]
    fn only_the_cursor_of_a_link_is_used() {
        for (link, cursor) in [
            (
                "<https://rest.iad-03.braze.com/custom_attributes?cursor=c2tpcDo1MA%3D%3D>; rel=\"next\"",
                Some("c2tpcDo1MA%3D%3D"),
            ),
            ("<https://elsewhere.example/x?a=b&cursor=abc>; rel=next", Some("abc")),
            ("<https://h/x?cursor=first>; rel=\"prev\", <https://h/x?cursor=second>;rel=\"next\"", Some("second")),
            ("<https://h/x?cursor=first>; rel=\"prev\"", None),
            ("<https://h/x?cursor=a b>; rel=\"next\"", None),
            ("<https://h/x>; rel=\"next\"", None),
            ("nothing", None),
        ] {
            assert_eq!(next_cursor(link).as_deref(), cursor, "{link}");
        }
    }
}
