//! `config/exports.toml`: which segments go to which Braze workspace, and how.
//!
//! [`Config::parse`] reads the whole file into types or reports every mistake in it at once.

mod attribute_name;
mod conflicts;
mod connection;
mod csv;
mod error;
mod export;
mod fields;
mod folder;
mod hostname;
mod mistakes;
mod parse;
pub mod reference;
mod segments;
mod shown;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use jiff::tz::TimeZone;

pub use error::{ConfigError, Mistake, SyntaxError};
pub use hostname::PUBLISHED_HOSTS;
pub use source::Source;

use crate::names::{AttributeName, ConnectionName, ExportName, SecretName, SegmentName, SourceName, WorkspaceName};
use crate::pattern::PathPattern;
use crate::rows::{ReadLimits, TextEncoding};
use crate::texts::Language;
use crate::values::{Country, Culture, DateOrder, composed};

/// Everything that `exports.toml` says, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The Braze workspaces, by name.
    pub connections: BTreeMap<ConnectionName, Arc<Connection>>,
    /// The exports, by name. Each names a connection of this file.
    pub exports: BTreeMap<ExportName, Arc<Export>>,
    /// The sources, by name.
    pub sources: BTreeMap<SourceName, Arc<Source>>,
}

/// One Braze workspace and the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The key of its table.
    pub name: ConnectionName,
    /// What people call it; the name where left out.
    pub display_name: String,
    /// Where its REST API answers.
    pub hostname: Hostname,
    /// The workspace that answers there: connections of one workspace share what is known of its attributes.
    pub workspace: WorkspaceName,
    /// The secret that holds `{"api_key": "…"}`.
    pub secret: SecretName,
    /// Whether someone agreed that customer data leaves for Braze. Without it nothing is sent.
    pub agree_to_data_transfer: bool,
    /// Requests that the contract allows each second (default 1,000).
    pub requests_per_second: NonZeroU32,
    /// Requests that the contract allows in each clock hour, if it has such a budget.
    pub requests_per_hour: Option<NonZeroU64>,
    /// The company, whose connections share the rate.
    pub company: Option<String>,
    /// Attribute objects in one request, 1 to 75 (default 75).
    pub objects_per_request: usize,
    /// How the state holds the identifiers of members that are sent through it (default plain).
    pub state_identifiers: StateIdentifiers,
    /// The company's own bucket, to which Braze writes exports of segments.
    pub audit_bucket: Option<String>,
    /// What their keys begin with.
    pub audit_prefix: String,
}

/// Scheme, host and port of a Braze REST endpoint: HTTPS, or plain HTTP to this machine alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hostname {
    pub(crate) scheme: &'static str,
    pub(crate) authority: String,
}

impl Hostname {
    /// The URL of `path`, which begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{}", self.scheme, self.authority, path)
    }

    /// Host and port as messages show them.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

/// One export of Customer Insights and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Export {
    /// The key of its table.
    pub name: ExportName,
    /// The connection that it is sent through.
    pub connection: Arc<Connection>,
    /// The folder below `incoming/` that its files land in, without a trailing slash.
    pub folder: String,
    /// How keys below the folder are read, where the known layouts do not fit.
    pub path: Option<PathPattern>,
    /// The segments to deliver; `None` is every segment found.
    pub segments: Option<Vec<SegmentName>>,
    /// Whether the schedule and `run_all` deliver it (default active).
    pub schedule: Schedule,
    /// Whether a file that lands is delivered at once (default true).
    pub on_upload: bool,
    /// Whether unchanged members are sent again (default changes only).
    pub send: SendRule,
    /// What becomes of the attribute of someone who left (default false).
    pub on_leave: OnLeave,
    /// Whether Braze may create profiles for unknown members (default true).
    pub create_profiles: bool,
    /// The largest share of leavers, 0 to 1, that needs no person's consent (default 0.2).
    pub max_leavers: f64,
    /// Minutes of quiet after which a run without a `model.json` counts as complete (default 30).
    pub settle_minutes: u32,
    /// After how many days each member is sent again.
    pub refresh_days: Option<u32>,
    /// After how many days the schedule compares a segment with Braze again.
    pub audit_days: Option<u32>,
    /// How many people are sent and read back before the rest, at most; 0 for none.
    pub trial: usize,
    /// The time zone in which the names of runs are read, and of the times on pages (default UTC).
    pub time_zone: TimeZone,
    /// The language of the pages (default English).
    pub language: Language,
    /// Which columns identify a member.
    pub data_matching: DataMatching,
    /// Additional fields, in the order of the file.
    pub attributes: Vec<FieldMapping>,
    /// Segments whose attribute has another name than their own.
    pub attribute_names: BTreeMap<SegmentName, AttributeName>,
    /// The segments in Braze of everyone who has a segment's attribute: their Segment API identifiers.
    pub audit_segment_ids: BTreeMap<SegmentName, String>,
    /// Texts that mean an empty cell.
    pub null_values: Vec<String>,
    /// Where telephone numbers without a country are from.
    pub default_country: Option<Country>,
    /// How dates and numbers are written; `None` takes it from `model.json`.
    pub culture: Option<Culture>,
    /// Whether a column may make a subscription state looser (default only for people who are new).
    pub consent: Consent,
    /// What is set about the files instead of detected.
    pub csv: CsvSettings,
}

impl Export {
    /// The fields beside the attribute that are sent of a member, by their names in Braze.
    pub fn fields_sent(&self) -> Vec<String> {
        let DataMatching { customer_id, email, email_use } = &self.data_matching;
        let is_set = *email_use == EmailUse::Set && customer_id.is_some() && email.is_some();
        let email = is_set.then(|| "email".to_owned());
        email.into_iter().chain(self.attributes.iter().map(|field| field.name.clone())).collect()
    }

    /// An export through `connection` whose part of `exports.toml` is gone.
    pub fn without_files(name: &ExportName, connection: &Arc<Connection>) -> Self {
        Self {
            name: name.clone(),
            connection: connection.clone(),
            folder: String::new(),
            path: None,
            segments: None,
            schedule: Schedule::Off,
            on_upload: false,
            send: SendRule::Changes,
            on_leave: OnLeave::False,
            create_profiles: true,
            max_leavers: 0.0,
            settle_minutes: 0,
            refresh_days: None,
            audit_days: None,
            trial: 200,
            time_zone: TimeZone::UTC,
            language: Language::English,
            data_matching: DataMatching::default(),
            attributes: Vec::new(),
            attribute_names: BTreeMap::new(),
            audit_segment_ids: BTreeMap::new(),
            null_values: Vec::new(),
            default_country: None,
            culture: None,
            consent: Consent::Stricter,
            csv: CsvSettings::default(),
        }
    }

    /// The custom attribute of `segment`.
    pub fn attribute_of(&self, segment: &SegmentName) -> AttributeName {
        let same_form = composed(segment.as_str());
        let named = self.attribute_names.iter().find(|(name, _)| composed(name.as_str()) == same_form);
        named.map_or_else(|| AttributeName::new(segment.as_str()), |(_, attribute)| attribute.clone())
    }

    /// The segment in Braze of everyone who has the attribute of `segment`, if one is named.
    pub fn audit_segment_id(&self, segment: &SegmentName) -> Option<&str> {
        let same_form = composed(segment.as_str());
        let named = self.audit_segment_ids.iter().find(|(name, _)| composed(name.as_str()) == same_form);
        named.map(|(_, id)| id.as_str())
    }

    /// The segments in `attribute_names` that are not among those `found`, each with the one that is probably meant.
    pub fn names_without_segment<'e>(
        &'e self,
        found: &'e BTreeSet<SegmentName>,
    ) -> impl Iterator<Item = (&'e SegmentName, Option<&'e str>)> {
        let unknown = self.attribute_names.keys().filter(|segment| !found.contains(*segment));
        let unnamed = || found.iter().filter(|segment| !self.attribute_names.contains_key(*segment));
        unknown.map(move |segment| (segment, shown::nearest(segment.as_str(), unnamed().map(SegmentName::as_str))))
    }

    /// The segment that a name in a key or in a `model.json` means: the listed one that looks the same, whatever the
    /// Unicode form of either; else the name in the composed form.
    pub fn segment_called(&self, name: &str) -> SegmentName {
        let composed_name = composed(name);
        let listed = self.segments.iter().flatten().find(|listed| composed(listed.as_str()) == composed_name);
        listed.cloned().unwrap_or_else(|| SegmentName::new(composed_name.as_ref()))
    }

    /// Whether this export delivers `segment`.
    pub fn delivers(&self, segment: &SegmentName) -> bool {
        self.segments.as_ref().is_none_or(|segments| segments.contains(segment))
    }
}

/// Gives a type of named alternatives its names, both ways.
macro_rules! alternatives {
    ($type:ident { $($variant:ident = $name:literal),+ }) => {
        impl $type {
            /// The names, as the file writes them.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name, as the file writes it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The alternative of that name, `None` where there is none.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

alternatives!(Schedule { Active = "active", Off = "off" });
alternatives!(SendRule { Changes = "changes", All = "all" });
alternatives!(OnLeave { False = "false", Remove = "remove", Keep = "keep" });
alternatives!(StateIdentifiers { Plain = "plain", Encrypted = "encrypted" });
alternatives!(Language { English = "en", Japanese = "ja" });
alternatives!(EmailUse { Set = "set", Match = "match" });
alternatives!(Consent { Stricter = "stricter", Overwrite = "overwrite" });
alternatives!(SourceKind { AzureBlob = "azure-blob" });
alternatives!(EmptyRule { Keep = "keep", Remove = "remove" });

/// Whether the schedule and `run_all` deliver an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// `"active"`
    Active,
    /// `"off"`: only uploads and `run` by name.
    Off,
}

/// The kind of storage of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// `"azure-blob"`: a container of Azure Blob Storage.
    AzureBlob,
}

/// How the state holds identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateIdentifiers {
    /// `"plain"`: as they are.
    Plain,
    /// `"encrypted"`: in parts that are encrypted with the secret's `state_key`.
    Encrypted,
}

/// Which rows of a run are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendRule {
    /// `"changes"`: new and changed members.
    Changes,
    /// `"all"`: every member.
    All,
}

/// What becomes of a segment's attribute on the profile of someone who left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLeave {
    /// `"false"`: the attribute is set to false.
    False,
    /// `"remove"`: the attribute is set to null, which removes it.
    Remove,
    /// `"keep"`: nothing is sent.
    Keep,
}

/// What the email address of a row is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmailUse {
    /// `"set"`: it is sent beside a customer ID, too, and becomes the address of the profile.
    #[default]
    Set,
    /// `"match"`: it identifies rows without a customer ID, and never becomes the address of one with an ID.
    Match,
}

/// How far a column may change the subscription states of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// `"stricter"`: `unsubscribed` is sent; `subscribed` and `opted_in` only for people who enter.
    Stricter,
    /// `"overwrite"`: the column's value is sent.
    Overwrite,
}

/// The columns that identify a member. At least one is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DataMatching {
    /// The column of the customer ID: Braze's `external_id`.
    pub customer_id: Option<String>,
    /// The column of the email address.
    pub email: Option<String>,
    /// What the address is used for. It identifies no one, so the state does not keep it.
    #[serde(skip)]
    pub email_use: EmailUse,
}

impl DataMatching {
    /// Whether the same columns identify a member.
    pub fn has_the_columns_of(&self, other: &Self) -> bool {
        (&self.customer_id, &self.email) == (&other.customer_id, &other.email)
    }

    /// Whether two objects with the same content always have the same address.
    pub fn objects_tell_addresses(&self) -> bool {
        self.customer_id.is_none() || self.email.is_none() || self.email_use == EmailUse::Set
    }
}

/// One further field of a profile: a Braze name and the column that fills it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMapping {
    /// Braze's name: a standard profile field or a custom attribute.
    pub name: String,
    /// The column in the file.
    pub column: String,
    /// The declared type; `None` takes it from `model.json`, else text.
    pub value_type: Option<ValueType>,
    /// What an empty cell does.
    pub empty: EmptyRule,
    /// How its values are written.
    pub written: Written,
}

/// How the values of a column are written, where it is said for that column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The column with the country of a telephone number.
    pub country_column: Option<String>,
    /// Texts that mean true, besides the usual ones.
    pub true_values: Vec<String>,
    /// Texts that mean false, besides the usual ones.
    pub false_values: Vec<String>,
    /// The order of day and month.
    pub date_order: Option<DateOrder>,
    /// How dates and numbers are written.
    pub culture: Option<Culture>,
    /// Whether a number is a day as spreadsheets count them.
    pub excel_serial: bool,
}

/// The type of a field's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Unchanged text.
    String,
    /// A whole number, kept exactly.
    Integer,
    /// A number with a fraction.
    Float,
    /// true or false.
    Boolean,
    /// A day.
    Date,
    /// A day and a time.
    DateTime,
    /// Texts in one cell, split at the separator.
    Array {
        /// The separator of two texts (default a semicolon).
        separator: String,
    },
}

/// What an empty cell does to the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyRule {
    /// `"keep"`: the field is not sent.
    Keep,
    /// `"remove"`: the field is set to null, which removes it.
    Remove,
}

/// What is set about an export's files instead of detected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvSettings {
    /// The field delimiter.
    pub delimiter: Option<u8>,
    /// Whether a backslash escapes a quotation mark inside a quoted field; `None` detects it.
    pub backslash_escapes: Option<bool>,
    /// How the files are encoded; `None` is UTF-8, or what a byte-order mark says.
    pub encoding: Option<TextEncoding>,
    /// The columns of files without a header and without a `model.json`.
    pub columns: Option<Vec<String>>,
    /// Where reading stops trusting a file.
    pub limits: ReadLimits,
    /// The most bytes of rejected rows of one file that `rejected.csv` lists.
    pub max_rejected_bytes: u64,
}

impl Default for CsvSettings {
    fn default() -> Self {
        Self {
            delimiter: None,
            backslash_escapes: None,
            encoding: None,
            columns: None,
            limits: ReadLimits::default(),
            max_rejected_bytes: 64 << 20,
        }
    }
}
