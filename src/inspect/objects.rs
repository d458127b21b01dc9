//! Finds the objects and says what each is for each export.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::error::InspectError;
use super::file::{Chosen, InspectedFile};
use super::message::InspectMessage;
use super::model::InspectedModel;
use super::subject::Subject;
use crate::bucket::{Bucket, ObjectSummary};
use crate::config::{Config, Export};
use crate::message::{Coded, Message, count, counted};
use crate::names::{AttributeName, ExportName, SegmentName};
use crate::pattern::RunId;
use crate::run::layout::{Place, place, place_key};

/// Most objects listed individually.
const OBJECTS_SHOWN: usize = 200;
/// Most objects listed at all.
pub(super) const OBJECTS_LISTED: usize = 20_000;
/// Most files opened for each segment.
const FILES_PER_SEGMENT: usize = 2;
/// Most files opened.
const FILES_OPENED: usize = 20;

/// One object and how it is read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InspectedObject {
    /// Its key.
    pub key: String,
    /// Whether there is such an object; one that is still to come is read by its key alone.
    pub exists: bool,
    /// Its size in bytes.
    pub size: u64,
    /// When it was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<Timestamp>,
    /// How each export reads it. Exports with another folder are left out, unless all have another one.
    pub exports: BTreeMap<ExportName, ReadAs>,
}

/// What an export makes of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "read_as")]
pub enum ReadAs {
    /// A file of a run.
    File {
        /// The segment.
        segment: SegmentName,
        /// The attribute that its rows get.
        attribute: AttributeName,
        /// The run.
        run: RunId,
        /// What identifies the file within the run.
        file: String,
        /// How the key was read.
        layout: String,
        /// Whether the run is complete with this file.
        one_file_per_run: bool,
        /// Whether landing delivers it, or only the schedule.
        on_upload: bool,
    },
    /// A description of the files below its folder.
    Model {
        /// That folder.
        folder: String,
    },
    /// Nothing to deliver.
    Ignored {
        /// Why.
        reason: String,
    },
}

/// The objects that were found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) objects: Vec<InspectedObject>,
    pub(super) ignored: BTreeMap<String, u64>,
    /// Models, each with the exports that it describes files of.
    models: BTreeMap<String, Vec<Arc<Export>>>,
    newest: BTreeMap<(ExportName, SegmentName), Vec<Chosen>>,
    files: u64,
    listed: usize,
    is_cut: bool,
}

impl Found {
    pub(super) async fn of(bucket: &Bucket, config: &Config, subject: &Subject) -> Result<Self, InspectError> {
        let (prefix, exports): (String, Vec<&Arc<Export>>) = match subject {
            Subject::Export(name) => {
                let Some(export) = config.exports.get(name) else {
                    let existing: Vec<&str> = config.exports.keys().map(ExportName::as_str).collect();
                    let existing = if existing.is_empty() { "none".to_owned() } else { existing.join(", ") };
                    return Err(InspectError::NoSuchExport { name: name.to_string(), existing });
                };
                (format!("{}/", export.folder), vec![export])
            }
            Subject::Key(key) => {
                let exports: Vec<_> = config.exports.values().collect();
                if !key.ends_with('/')
                    && let Some(object) = bucket.summary(key).await?
                {
                    let mut found = Self::default();
                    found.add(&exports, object);
                    return Ok(found);
                }
                (format!("{}/", key.trim_end_matches('/')), exports)
            }
        };
        let mut found = Self::default();
        let mut pages = bucket.pages(prefix);
        while found.listed < OBJECTS_LISTED
            && let Some(page) = pages.next().await?
        {
            for object in page {
                found.add(&exports, object);
            }
        }
        found.is_cut = !pages.is_at_end();
        if let (0, Subject::Key(key)) = (found.listed, subject) {
            found.add_missing(&exports, key);
        }
        Ok(found)
    }

    fn add(&mut self, exports: &[&Arc<Export>], object: ObjectSummary) {
        self.listed += 1;
        let mut read = BTreeMap::new();
        for export in exports {
            let placed = place(export, &object.key, object.size, object.last_modified);
            match &placed {
                Place::File(placed) => {
                    self.files += 1;
                    self.remember(Chosen {
                        export: Arc::clone(export),
                        segment: placed.segment.clone(),
                        run: placed.run,
                        object: object.clone(),
                    });
                }
                Place::Model(_) => {
                    self.models.entry(object.key.clone()).or_default().push(Arc::clone(export));
                }
                Place::Ignored(reason) if exports.len() == 1 || is_in_folder(export, &object.key) => {
                    *self.ignored.entry(format!("{}: {reason}", export.name)).or_default() += 1;
                }
                Place::Ignored(_) => {}
            }
            read.insert(export.name.clone(), (is_in_folder(export, &object.key), ReadAs::of(export, placed)));
        }
        if self.objects.len() < OBJECTS_SHOWN {
            self.objects.push(InspectedObject {
                key: object.key,
                exists: true,
                size: object.size,
                last_modified: Some(object.last_modified),
                exports: shown(read),
            });
        }
    }

    /// Reads a key without an object by its name.
    fn add_missing(&mut self, exports: &[&Arc<Export>], key: &str) {
        let read = exports.iter().map(|export| {
            let placed = place_key(export, key, Timestamp::now());
            (export.name.clone(), (is_in_folder(export, key), ReadAs::of(export, placed)))
        });
        self.objects.push(InspectedObject {
            key: key.to_owned(),
            exists: false,
            size: 0,
            last_modified: None,
            exports: shown(read.collect()),
        });
    }

    /// Keeps the files of each segment's newest run, a few.
    fn remember(&mut self, chosen: Chosen) {
        let newest = self.newest.entry((chosen.export.name.clone(), chosen.segment.clone())).or_default();
        match newest.first().map(|first| first.run) {
            Some(run) if run > chosen.run => return,
            Some(run) if run < chosen.run => newest.clear(),
            _ => {}
        }
        if newest.len() < FILES_PER_SEGMENT {
            newest.push(chosen);
        }
    }

    pub(super) fn files_to_open(&self) -> impl Iterator<Item = &Chosen> {
        self.newest.values().flatten().take(FILES_OPENED)
    }

    /// The models found, and those beside the files that were opened.
    pub(super) fn models_with(&self, files: &[InspectedFile], config: &Config) -> BTreeMap<String, Vec<Arc<Export>>> {
        let mut models = self.models.clone();
        for file in files {
            if let (Some(key), Some(export)) = (&file.model, config.exports.get(&file.export)) {
                let exports = models.entry(key.clone()).or_default();
                if exports.iter().all(|known| known.name != export.name) {
                    exports.push(Arc::clone(export));
                }
            }
        }
        models
    }

    pub(super) fn message(&self, files: &[InspectedFile], models: &[InspectedModel]) -> Message {
        let unfit = files.iter().filter(|file| !file.fits).count()
            + models.iter().filter(|model| model.problem.is_some()).count();
        let conclusion = match unfit {
            _ if self.listed == 0 => return InspectMessage::NoFiles.to_message(),
            0 if self.files == 0 => InspectMessage::NothingToDeliver,
            0 => InspectMessage::Matches,
            files => InspectMessage::Problems { files },
        };
        let mut said = vec![format!(
            "{}: {} of them read as files of a run.",
            counted(self.listed as u64, "object", "objects"),
            count(self.files)
        )];
        if self.is_cut {
            said.push(format!("There are more; only the first {} were checked.", count(self.listed as u64)));
        }
        if self.listed > self.objects.len() {
            said.push(format!("The first {} are listed individually.", count(self.objects.len() as u64)));
        }
        said.push(conclusion.to_string());
        Message { text: said.join(" "), code: conclusion.code().to_owned() }
    }
}

impl ReadAs {
    fn of(export: &Export, placed: Place) -> Self {
        match placed {
            Place::File(placed) => Self::File {
                attribute: export.attribute_of(&placed.segment),
                segment: placed.segment,
                run: placed.run,
                file: placed.part,
                layout: placed.layout.to_string(),
                one_file_per_run: placed.one_file_per_run,
                on_upload: export.on_upload,
            },
            Place::Model(model) => Self::Model { folder: model.folder },
            Place::Ignored(reason) => Self::Ignored { reason: reason.to_string() },
        }
    }
}

fn is_in_folder(export: &Export, key: &str) -> bool {
    key.strip_prefix(export.folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// Leaves out exports with another folder, unless the object is in no export's folder or one of them takes it.
fn shown(read: BTreeMap<ExportName, (bool, ReadAs)>) -> BTreeMap<ExportName, ReadAs> {
    let anywhere = read.values().any(|(inside, _)| *inside);
    let is_shown = |inside: bool, read_as: &ReadAs| inside || !anywhere || !matches!(read_as, ReadAs::Ignored { .. });
    read.into_iter()
        .filter(|(_, (inside, read_as))| is_shown(*inside, read_as))
        .map(|(export, (_, read_as))| (export, read_as))
        .collect()
}
