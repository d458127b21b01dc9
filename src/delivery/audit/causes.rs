//! Looks at the profiles of members who lack the attribute, to say why.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::audit::ToSend;
use crate::braze::{Endpoint, ProfileRead};
use crate::delivery::DeliveryError;
use crate::delivery::load::Line;
use crate::delivery::segment::SegmentDelivery;
use crate::delivery::sources::Source;
use crate::profile::Identifier;

/// How many profiles are read at most: ten requests, of the 250 a minute that Braze allows.
const MOST_READ: usize = 500;

const FIELDS: &[&str] = &["external_id", "custom_attributes"];

impl SegmentDelivery {
    /// Why members lack the attribute: how many for each cause. Those of whom nothing was read are `not read`.
    pub(super) async fn causes_of(
        &self,
        missing: &ToSend,
        people: u64,
    ) -> Result<BTreeMap<String, u64>, DeliveryError> {
        let mut causes = BTreeMap::new();
        if people == 0 {
            return Ok(causes);
        }
        let ids = self.some_ids(missing).await?;
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let key = self.api_keys.get(&self.export.connection.secret).await?;
        let mut read = 0;
        // Nothing depends on it, and a key need not have the permission.
        if self.braze.known_unread(&key, Endpoint::Profiles).is_none()
            && let Ok(profiles) = self.braze.profiles(&key, &ids, FIELDS).await
        {
            for id in ids {
                let found = profiles.by_identifier.get(id).and_then(|profiles| profiles.first());
                *causes.entry(self.cause(found).to_owned()).or_default() += 1;
                read += 1;
            }
        }
        if read < people {
            causes.insert("not read".to_owned(), people - read);
        }
        Ok(causes)
    }

    /// Customer IDs of some of them, from all parts of the list.
    async fn some_ids(&self, missing: &ToSend) -> Result<Vec<String>, DeliveryError> {
        let mut ranked = BTreeMap::new();
        self.read_lines(missing.parts.iter().map(Source::certain).collect(), |Line { row, .. }| {
            if let Identifier::ExternalId(id) = row.identifier {
                let [rank, _] = row.key().halves();
                if ranked.len() < MOST_READ || ranked.last_key_value().is_some_and(|(last, _)| rank < *last) {
                    ranked.insert(rank, id.to_owned());
                    if ranked.len() > MOST_READ {
                        ranked.pop_last();
                    }
                }
            }
        })
        .await?;
        Ok(ranked.into_values().collect())
    }

    fn cause(&self, profile: Option<&ProfileRead>) -> &'static str {
        let Some(profile) = profile else { return "no profile: deleted, merged, or never created" };
        let attributes = profile.get("custom_attributes");
        match attributes.and_then(|attributes| attributes.get(self.attribute.as_str().trim())) {
            None | Some(Value::Null) => "the attribute is not set",
            Some(Value::Bool(false)) => "the attribute is false: another system set it, or its filter is another",
            Some(Value::Bool(true)) => "the attribute is true by now",
            Some(_) => "the attribute has another type",
        }
    }
}
