//! What a demonstration has around it: a mock of Braze that stays up, and generated exports.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::ToSpan;
use jiff::civil::DateTime;
use serde_json::{Value, json};

use crate::demo::files::{Contents, addresses, now, write_export};
use crate::standin::braze::{Braze, BrazeSettings, ForcedType, Profile, RestApiKey};

/// The key of the mock. It is good nowhere else.
const KEY: &str = "demo-key-of-the-mock";
/// The name of the export's folder.
const EXPORT: &str = "BlobExport";

/// What happens in Braze besides deliveries. Each leads to a held run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// All profiles are deleted.
    ProfilesDeleted,
    /// The people get profiles with other customer IDs.
    OtherIds,
    /// Someone sets the type of a custom attribute to text.
    KeptAsText(String),
}

/// A running demonstration.
pub(crate) struct Demo {
    folder: PathBuf,
    members: u64,
    braze: Braze,
    last: Mutex<(Contents, DateTime)>,
}

impl Demo {
    /// Starts the mock and writes the first export into `folder`.
    pub(crate) async fn start(folder: &Path, members: u64) -> io::Result<Self> {
        let time = minute(now().date().yesterday().map_or_else(|_| now(), |day| day.at(1, 2, 0, 0)));
        let folder = folder.join(EXPORT);
        write_export(&folder, members, Contents::First, time)?;
        // It may read, so that runs are checked against what Braze holds.
        let settings = BrazeSettings { keys: vec![RestApiKey::reading(KEY)], ..BrazeSettings::with_key(KEY) };
        let braze = Braze::start(settings).await?;
        Ok(Self { folder, members, braze, last: Mutex::new((Contents::First, time)) })
    }

    /// Exports again, as Customer Insights would. Whether everything arrives is chosen.
    pub(crate) fn export(&self, is_partial: bool) -> io::Result<()> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, time) = *last;
        let contents = match (is_partial, before) {
            (true, _) => Contents::Partial,
            (false, Contents::Second) => Contents::First,
            (false, _) => Contents::Second,
        };
        let next = time.checked_add(1.minute()).unwrap_or(time);
        let time = minute(now()).max(next);
        write_export(&self.folder, self.members, contents, time)?;
        *last = (contents, time);
        Ok(())
    }

    /// Changes Braze as someone who works there would.
    pub(crate) fn change_braze(&self, happening: &Happening) {
        match happening {
            Happening::ProfilesDeleted => self.braze.forget_profiles(),
            Happening::OtherIds => {
                for (number, address) in addresses(self.members).enumerate() {
                    self.braze.insert_profile(Some(&format!("crm-{number}")), Some(&address));
                }
            }
            Happening::KeptAsText(attribute) => self.braze.force_type(attribute, ForcedType::Text),
        }
    }

    /// What the host of a connection to the mock is.
    pub(crate) fn host(&self) -> String {
        self.braze.url()
    }

    /// The key that the mock knows.
    pub(crate) fn key() -> &'static str {
        KEY
    }

    /// How many profiles there are.
    pub(crate) fn profiles(&self) -> u64 {
        self.braze.profile_count() as u64
    }

    /// The custom attributes that are true or false for someone, and for how many.
    pub(crate) fn attributes(&self) -> Vec<(String, u64, u64)> {
        let mut names: Vec<String> = Vec::new();
        for profile in self.braze.profiles() {
            let switches = profile.custom_attributes.iter().filter(|(_, value)| value.is_boolean());
            for (name, _) in switches {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
        names.sort();
        let count = |name: &str, value: bool| self.braze.count_with_attribute(name, &json!(value)) as u64;
        names.into_iter().map(|name| (name.clone(), count(&name, true), count(&name, false))).collect()
    }

    /// A generated person of whom the attribute is true, as Braze shows a profile.
    pub(crate) fn example(&self) -> Option<String> {
        let is_member = |profile: &Profile| profile.custom_attributes.values().any(|value| *value == Value::Bool(true));
        let profile = self.braze.profiles().into_iter().find(is_member)?;
        serde_json::to_string_pretty(&profile).ok()
    }
}

/// Runs are named by minutes.
fn minute(time: DateTime) -> DateTime {
    time.date().at(time.hour(), time.minute(), 0, 0)
}
