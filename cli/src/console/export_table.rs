//! The table of a new export, as the steps of its form describe it.

use insights_to_braze::texts::Language;
use toml_edit::{Array, InlineTable, Item, Table, TableLike, Value};

use super::form::Form;

/// An export as the steps of the form describe it.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewExport {
    pub(crate) name: String,
    pub(crate) connection: String,
    pub(crate) folder: String,
    /// `None` is every segment, those of later exports included.
    pub(crate) segments: Option<Vec<String>>,
    pub(crate) attribute_names: Vec<(String, String)>,
    pub(crate) customer_id: String,
    pub(crate) email: String,
    pub(crate) fields: Vec<NewField>,
    pub(crate) rules: Rules,
}

/// An optional field of an export.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewField {
    /// Braze's name.
    pub(crate) name: String,
    column: String,
    /// The type; empty if it is to be detected.
    kind: String,
    /// Whether an empty cell removes the field.
    removes: bool,
}

impl NewField {
    fn value(&self) -> Value {
        let mut table: InlineTable = [("column", self.column.as_str())].into_iter().collect();
        if !self.kind.is_empty() {
            table.insert("type", self.kind.as_str().into());
        }
        if self.removes {
            table.insert("empty", "remove".into());
        }
        if table.len() == 1 { self.column.as_str().into() } else { table.into() }
    }
}

/// How an export is delivered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) on_leave: String,
    pub(crate) create_profiles: bool,
    /// In per cent.
    pub(crate) max_leavers: String,
    pub(crate) is_scheduled: bool,
    pub(crate) on_upload: bool,
    /// Of its pages.
    pub(crate) language: String,
    pub(crate) time_zone: String,
}

impl Rules {
    pub(crate) fn of(form: &Form) -> Self {
        Self {
            on_leave: form.text("on_leave").to_owned(),
            create_profiles: form.has("create_profiles"),
            max_leavers: form.text("max_leavers").to_owned(),
            is_scheduled: form.has("scheduled"),
            on_upload: form.has("on_upload"),
            language: form.text("language").to_owned(),
            time_zone: form.text("time_zone").to_owned(),
        }
    }

    /// Writes what differs from the defaults, or replaces what is there.
    pub(super) fn write(&self, table: &mut dyn TableLike) {
        let percent = self.max_leavers.parse::<f64>().ok();
        let share = percent.map(|percent| (percent * 10.0).round() / 1000.0);
        set(table, "on_leave", self.on_leave.as_str().into(), self.on_leave == "false");
        set(table, "create_profiles", self.create_profiles.into(), self.create_profiles);
        if let Some(share) = share {
            set(table, "max_leavers", share.into(), (share - 0.2).abs() < 1e-9);
        }
        let schedule = if self.is_scheduled { "active" } else { "off" };
        set(table, "schedule", schedule.into(), self.is_scheduled);
        set(table, "on_upload", self.on_upload.into(), self.on_upload);
        if !self.time_zone.is_empty() {
            set(table, "time_zone", self.time_zone.as_str().into(), self.time_zone == "UTC");
        }
        if let Some(language) = Language::of_tag(&self.language) {
            set(table, "language", language.tag().into(), language == Language::default());
        }
    }
}

/// Sets a key, unless it is the default and is not there. A comment behind the value stays.
pub(super) fn set(table: &mut dyn TableLike, key: &str, mut value: Value, is_default: bool) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(there) => {
            if there.to_string().trim() != value.to_string().trim() {
                *value.decor_mut() = there.decor().clone();
                *there = value;
            }
        }
        None if is_default => {}
        None => drop(table.insert(key, Item::Value(value))),
    }
}

impl NewExport {
    pub(crate) fn of(form: &Form) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let listed = form.text("segments") == "listed";
        let chosen: Vec<String> = form.all("segment").map(str::to_owned).collect();
        let names = form.beginning("attribute:").map(|(segment, name)| (segment.to_owned(), name.trim().to_owned()));
        let is_chosen = |segment: &String| !listed || chosen.contains(segment);
        let fields = form.beginning("field:").filter_map(|(column, field)| {
            let name = match field {
                "" => return None,
                "custom" => form.text(&format!("custom:{column}")).to_owned(),
                field => field.to_owned(),
            };
            Some(NewField {
                name,
                column: column.to_owned(),
                kind: form.text(&format!("type:{column}")).to_owned(),
                removes: form.has(&format!("empty:{column}")),
            })
        });
        Self {
            name: text("name"),
            connection: text("connection"),
            folder: text("folder"),
            segments: listed.then(|| chosen.clone()),
            attribute_names: names
                .filter(|(segment, name)| is_chosen(segment) && !name.is_empty() && name != segment)
                .collect(),
            customer_id: text("customer_id"),
            email: text("email"),
            fields: fields.collect(),
            rules: Rules::of(form),
        }
    }

    pub(super) fn table(&self, is_below_others: bool) -> Table {
        let mut table = Table::new();
        table.decor_mut().set_prefix(if is_below_others { "\n" } else { "" });
        let mut text = |key: &str, value: &str| drop(table.insert(key, Item::Value(value.into())));
        text("connection", &self.connection);
        text("folder", &format!("incoming/{}", self.folder));
        if let Some(segments) = &self.segments {
            table.insert("segments", Item::Value(segments.iter().collect::<Array>().into()));
        }
        self.rules.write(&mut table);
        let matching = [("customer_id", &self.customer_id), ("email", &self.email)];
        let matching = matching.iter().filter(|(_, column)| !column.is_empty());
        table.insert("data_matching", Item::Table(matching.map(|(key, column)| (*key, column.as_str())).collect()));
        if !self.fields.is_empty() {
            let fields = self.fields.iter().map(|field| (field.name.clone(), field.value()));
            table.insert("attributes", Item::Table(fields.collect()));
        }
        if !self.attribute_names.is_empty() {
            let names = self.attribute_names.iter().map(|(segment, name)| (segment.as_str(), name.as_str()));
            table.insert("attribute_names", Item::Table(names.collect()));
        }
        for (_, inner) in table.iter_mut() {
            if let Some(inner) = inner.as_table_mut() {
                inner.decor_mut().set_prefix("\n");
            }
        }
        table
    }
}
