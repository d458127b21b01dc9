//! The profiles of a workspace, and who an object is about.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

/// A user profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Profile {
    /// The application's id for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The alias, as label and name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_alias: Option<(String, String)>,
    /// The email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The other standard fields, for instance `first_name`.
    #[serde(flatten)]
    pub standard: BTreeMap<String, Value>,
    /// The custom attributes.
    pub custom_attributes: BTreeMap<String, Value>,
    /// How many objects were applied to it.
    pub updates: u64,
    /// Orders the profiles by their last update.
    #[serde(skip)]
    pub(super) updated: u64,
    /// When it was created; before everything if it was put in place past the protocol.
    #[serde(skip)]
    pub(super) created: Duration,
}

/// Who an object is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity<'o> {
    ExternalId(&'o str),
    Alias { label: &'o str, name: &'o str },
    BrazeId,
    Email(&'o str),
    Phone(&'o str),
}

/// The profiles with their look-ups.
#[derive(Default)]
pub(super) struct Profiles {
    all: Vec<Profile>,
    by_external_id: HashMap<String, usize>,
    by_alias: HashMap<(String, String), usize>,
    by_email: HashMap<String, Vec<usize>>,
    by_phone: HashMap<String, Vec<usize>>,
    updates: u64,
    /// The time, for profiles that are created; since 1970.
    pub(super) now: Duration,
}

impl Profiles {
    pub(super) fn all(&self) -> &[Profile] {
        &self.all
    }

    pub(super) fn by_external_id(&self, external_id: &str) -> Option<&Profile> {
        self.by_external_id.get(external_id).and_then(|index| self.all.get(*index))
    }

    pub(super) fn index_of(&self, external_id: &str) -> Option<usize> {
        self.by_external_id.get(external_id).copied()
    }

    /// Removes a profile. Whether there was one.
    pub(super) fn remove(&mut self, external_id: &str) -> bool {
        let Some(index) = self.index_of(external_id) else { return false };
        let mut rest = Self { updates: self.updates, now: self.now, ..Self::default() };
        let kept = std::mem::take(&mut self.all).into_iter().enumerate().filter(|(other, _)| *other != index);
        for (_, profile) in kept {
            let (email, phone) = (profile.email.clone(), profile.standard.get("phone").cloned());
            let index = rest.put(Profile { email: None, ..profile });
            rest.set_email(index, email.as_deref());
            let phone = phone.as_ref().and_then(Value::as_str);
            reindex(&mut rest.by_phone, index, None, phone);
        }
        *self = rest;
        true
    }

    /// Merges one profile into another one, which keeps its own values and gets what it lacks.
    pub(super) fn merge(&mut self, from: &str, into: &str) {
        let Some(source) = self.by_external_id(from).cloned() else { return };
        let Some(index) = self.index_of(into) else { return };
        for (name, value) in &source.standard {
            if !self.all[index].standard.contains_key(name) {
                self.set_standard(index, name, Some(value));
            }
        }
        for (name, value) in &source.custom_attributes {
            if !self.all[index].custom_attributes.contains_key(name) {
                self.set_custom(index, name, Some(value));
            }
        }
        if self.all[index].email.is_none() {
            self.set_email(index, source.email.as_deref());
        }
        self.touch(index);
        self.remove(from);
    }

    pub(super) fn by_email(&self, email: &str) -> impl Iterator<Item = &Profile> {
        self.by_email.get(email).into_iter().flatten().filter_map(|index| self.all.get(*index))
    }

    /// Sets or removes an attribute of every profile without a customer ID that has this address.
    pub(super) fn set_by_email(&mut self, email: &str, name: &str, value: Option<&Value>) {
        for index in self.by_email.get(email).cloned().unwrap_or_default() {
            if self.all[index].external_id.is_none() {
                self.set_custom(index, name, value);
            }
        }
    }

    pub(super) fn insert(&mut self, external_id: Option<&str>, email: Option<&str>) {
        let index = self.put(Profile { external_id: external_id.map(str::to_owned), ..Profile::default() });
        self.set_email(index, email);
        self.touch(index);
    }

    /// The profile that an object is for; with `create`, a new one when there is none.
    pub(super) fn resolve(&mut self, identity: Identity<'_>, create: bool) -> Option<usize> {
        let found = match identity {
            Identity::ExternalId(external_id) => self.by_external_id.get(external_id).copied(),
            Identity::Alias { label, name } => self.by_alias.get(&(label.to_owned(), name.to_owned())).copied(),
            Identity::BrazeId => None,
            Identity::Email(email) => self.most_recent(self.by_email.get(email)),
            Identity::Phone(phone) => self.most_recent(self.by_phone.get(phone)),
        };
        if found.is_some() || !create {
            return found;
        }
        match identity {
            Identity::ExternalId(external_id) => {
                Some(self.add(Profile { external_id: Some(external_id.to_owned()), ..Profile::default() }))
            }
            Identity::Alias { label, name } => {
                Some(self.add(Profile { user_alias: Some((label.to_owned(), name.to_owned())), ..Profile::default() }))
            }
            Identity::BrazeId => None,
            Identity::Email(_) | Identity::Phone(_) => Some(self.add(Profile::default())),
        }
    }

    /// The most recently updated that has an external id, otherwise the most recently updated.
    fn most_recent(&self, candidates: Option<&Vec<usize>>) -> Option<usize> {
        let candidates = candidates?;
        candidates.iter().copied().max_by_key(|index| {
            let profile = &self.all[*index];
            (profile.external_id.is_some(), profile.updated)
        })
    }

    fn add(&mut self, profile: Profile) -> usize {
        self.put(Profile { created: self.now, ..profile })
    }

    fn put(&mut self, profile: Profile) -> usize {
        let index = self.all.len();
        if let Some(external_id) = &profile.external_id {
            self.by_external_id.insert(external_id.clone(), index);
        }
        if let Some(alias) = &profile.user_alias {
            self.by_alias.insert(alias.clone(), index);
        }
        self.all.push(profile);
        index
    }

    pub(super) fn touch(&mut self, index: usize) {
        self.updates += 1;
        let profile = &mut self.all[index];
        profile.updated = self.updates;
        profile.updates += 1;
    }

    pub(super) fn set_email(&mut self, index: usize, email: Option<&str>) {
        let previous = std::mem::replace(&mut self.all[index].email, email.map(str::to_owned));
        reindex(&mut self.by_email, index, previous.as_deref(), email);
    }

    pub(super) fn set_standard(&mut self, index: usize, name: &str, value: Option<&Value>) {
        if name == "phone" {
            let previous = self.all[index].standard.get("phone").and_then(Value::as_str).map(str::to_owned);
            reindex(&mut self.by_phone, index, previous.as_deref(), value.and_then(Value::as_str));
        }
        set(&mut self.all[index].standard, name, value);
    }

    pub(super) fn set_custom(&mut self, index: usize, name: &str, value: Option<&Value>) {
        set(&mut self.all[index].custom_attributes, name, value);
    }
}

fn set(values: &mut BTreeMap<String, Value>, name: &str, value: Option<&Value>) {
    match value {
        Some(value) => drop(values.insert(name.to_owned(), value.clone())),
        None => drop(values.remove(name)),
    }
}

fn reindex(index_by: &mut HashMap<String, Vec<usize>>, index: usize, previous: Option<&str>, next: Option<&str>) {
    if previous == next {
        return;
    }
    if let Some(previous) = previous
        && let Some(indices) = index_by.get_mut(previous)
    {
        indices.retain(|other| *other != index);
    }
    if let Some(next) = next {
        index_by.entry(next.to_owned()).or_default().push(index);
    }
}

/// The identifier of an object as tests name it: external id, otherwise email, otherwise empty.
pub(super) fn identifier_of(object: &Map<String, Value>) -> &str {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    text("external_id").or_else(|| text("email")).unwrap_or_default()
}
