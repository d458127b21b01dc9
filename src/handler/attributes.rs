//! The attributes of a workspace: which have a state, and which of them are no longer fed.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::message::AnswerMessage;
use super::{Configured, Handler, HandlerError, listed};
use crate::budget::TimeBudget;
use crate::config::{Connection, Export, OnLeave};
use crate::delivery::SegmentDelivery;
use crate::names::{AttributeName, ConnectionName, WorkspaceName};
use crate::report::Trigger;
use crate::run::Models;
use crate::run::layout::{Place, place};
use crate::state::{Feeder, Ledger, Mapping, Mappings, StateKeys};
use crate::survey::Survey;
use crate::trigger::on_demand::AttributeSubject;

/// The most attributes that are checked for a segment that feeds them.
const MOST_LOOKED_AT: usize = 200;

/// An attribute that has a state and that nothing feeds.
#[derive(Clone, Debug)]
pub(super) struct Unfed {
    pub(super) attribute: AttributeName,
    pub(super) ledger: Ledger,
}

/// An attribute that a person named.
pub(super) struct Named {
    pub(super) connection: Arc<Connection>,
    pub(super) attribute: AttributeName,
    /// The segment by which it was named, or which has fed it last.
    pub(super) feeder: Option<Feeder>,
}

impl Unfed {
    /// How many people it is still set for, as far as is known.
    pub(super) fn people(&self) -> u64 {
        let listed: u64 = self.ledger.earlier.parts.iter().map(|part| part.rows).sum();
        self.ledger.last_complete.as_ref().map_or(listed, |last| last.members)
    }

    /// Its message.
    pub(super) fn remark(&self) -> AnswerMessage {
        AnswerMessage::Unfed {
            attribute: self.attribute.clone(),
            people: self.people(),
            last: self.ledger.feeder.clone(),
        }
    }
}

impl Handler {
    /// The attributes of a workspace that have a state.
    pub(super) async fn attributes_with_state(
        &self,
        workspace: &WorkspaceName,
    ) -> Result<BTreeSet<AttributeName>, HandlerError> {
        let folders = self.bucket.folders(&StateKeys::of_workspace(workspace)).await?;
        Ok(folders.iter().filter_map(|folder| StateKeys::attribute_of_folder(workspace, folder)).collect())
    }

    /// The attributes of a workspace that are no longer fed. The `known` attributes are.
    pub(super) async fn unfed(
        &self,
        config: &Configured,
        workspace: &WorkspaceName,
        known: &BTreeSet<AttributeName>,
    ) -> Result<Vec<Unfed>, HandlerError> {
        let mut unfed = Vec::new();
        let attributes = self.attributes_with_state(workspace).await?;
        for attribute in attributes.difference(known).take(MOST_LOOKED_AT) {
            let feeds = config.feeds.of(workspace, attribute);
            if feeds.explicit().is_some() {
                continue;
            }
            // A state that cannot be read is named by `status` and by its own delivery.
            let Ok(Some(ledger)) = StateKeys::new(workspace, attribute).ledger(&self.bucket).read().await else {
                continue;
            };
            if feeds.mapping(&ledger.feeder).is_none() && ledger.lists_anyone() {
                unfed.push(Unfed { attribute: attribute.clone(), ledger });
            }
        }
        Ok(unfed)
    }

    /// Notes for the reports of an export about names of segments that were not found, and about attributes of its workspace
    /// that are no longer fed.
    pub(super) async fn remarks(&self, config: &Configured, export: &Export, survey: &Survey) -> BTreeSet<String> {
        let known = survey.segments.keys().map(|segment| export.attribute_of(segment)).collect();
        let found = survey.segments.keys().cloned().collect();
        let unknown = export.names_without_segment(&found).map(|(segment, nearest)| {
            let nearest = nearest.map(str::to_owned);
            AnswerMessage::NameWithoutSegment { segment: segment.clone(), nearest }.to_string()
        });
        let mut remarks: BTreeSet<String> = unknown.collect();
        remarks.extend(self.remarks_on_unfed(config, export, &known).await);
        remarks
    }

    async fn remarks_on_unfed(
        &self,
        config: &Configured,
        export: &Export,
        known: &BTreeSet<AttributeName>,
    ) -> BTreeSet<String> {
        match self.unfed(config, &export.connection.workspace, known).await {
            Ok(unfed) => unfed
                .iter()
                .filter(|unfed| {
                    let last = &unfed.ledger.feeder.export;
                    *last == export.name || !config.exports.contains_key(last)
                })
                .map(|unfed| unfed.remark().to_string())
                .collect(),
            Err(error) => {
                tracing::warn!(%error, "attributes that nothing feeds could not be looked for");
                BTreeSet::new()
            }
        }
    }

    /// The attribute that a person named. A segment that is in the configuration no more is found by the state that it has left.
    pub(super) async fn named(&self, config: &Configured, subject: &AttributeSubject) -> Result<Named, HandlerError> {
        match subject {
            AttributeSubject::Attribute { connection, attribute } => {
                let connection = connection_of(config, connection)?.clone();
                let ledger = StateKeys::new(&connection.workspace, attribute).ledger(&self.bucket).read().await;
                // Also where it cannot be read, which may be why it is named.
                let feeder = ledger.ok().flatten().map(|ledger| ledger.feeder);
                Ok(Named { connection, attribute: attribute.clone(), feeder })
            }
            AttributeSubject::Segment { export, segment } => {
                let feeder = Feeder::new(export, segment);
                // A segment that was renamed in Braze has left attributes behind; the one that it has fed last is meant.
                let mut left = None;
                for connection in config.connections.values() {
                    for attribute in self.attributes_with_state(&connection.workspace).await? {
                        let store = StateKeys::new(&connection.workspace, &attribute).ledger(&self.bucket);
                        let Some(ledger) = store.read().await.ok().flatten().filter(|ledger| ledger.feeder == feeder)
                        else {
                            continue;
                        };
                        let named = Named { connection: connection.clone(), attribute, feeder: Some(feeder.clone()) };
                        if !ledger.vacant {
                            return Ok(named);
                        }
                        left.get_or_insert(named);
                    }
                }
                if let Some(named) = left {
                    return Ok(named);
                }
                let Some(export) = config.exports.get(export) else {
                    let existing = listed(config.exports.keys());
                    return Err(HandlerError::NoSuch { kind: "the export", name: export.to_string(), existing });
                };
                let (connection, attribute) = (export.connection.clone(), export.attribute_of(segment));
                Ok(Named { connection, attribute, feeder: Some(feeder) })
            }
        }
    }

    /// Who feeds an attribute by the present configuration: a segment that is merely found feeds it as long as there are files.
    pub(super) async fn fed_by(&self, config: &Configured, named: &Named) -> Result<Option<Feeder>, HandlerError> {
        let feeds = config.feeds.of(&named.connection.workspace, &named.attribute);
        if let Some(feeder) = feeds.explicit() {
            return Ok(Some(feeder));
        }
        let found = named.feeder.clone().filter(|feeder| feeds.mapping(feeder) == Some(Mapping::Found));
        let found = found
            .or_else(|| feeds.found_by().map(|export| Feeder::new(&export.name, &named.attribute.as_str().into())));
        let Some((feeder, export)) = found.and_then(|feeder| {
            let export = config.exports.get(&feeder.export)?;
            Some((feeder, export))
        }) else {
            return Ok(None);
        };
        let mut pages = self.bucket.pages(format!("{}/", export.folder));
        while let Some(page) = pages.next().await? {
            let is_of_segment = |place| matches!(place, Place::File(file) if file.segment == feeder.segment);
            if page.iter().any(|object| is_of_segment(place(export, &object.key, object.size, object.last_modified))) {
                return Ok(Some(feeder));
            }
        }
        Ok(None)
    }

    /// The means to work on an attribute, whether or not an export is left that has fed it.
    pub(super) fn delivery_of(
        &self,
        config: &Configured,
        named: &Named,
        budget: TimeBudget,
        trigger: Trigger,
    ) -> SegmentDelivery {
        let unnamed =
            || Feeder { export: named.connection.name.as_str().into(), segment: named.attribute.as_str().into() };
        let feeder = named.feeder.clone().unwrap_or_else(unnamed);
        let known = config.exports.get(&feeder.export).filter(|export| export.connection == named.connection);
        let export = known.cloned().unwrap_or_else(|| {
            Arc::new(Export { on_leave: OnLeave::False, ..Export::without_files(&feeder.export, &named.connection) })
        });
        let models = Models::new(self.bucket.clone());
        self.delivery(config, &export, &feeder.segment, &models, budget, trigger).of_attribute(&named.attribute)
    }
}

pub(super) fn connection_of<'c>(
    config: &'c Configured,
    name: &ConnectionName,
) -> Result<&'c Arc<Connection>, HandlerError> {
    config.connections.get(name).ok_or_else(|| HandlerError::NoSuch {
        kind: "the connection",
        name: name.to_string(),
        existing: listed(config.connections.keys()),
    })
}
