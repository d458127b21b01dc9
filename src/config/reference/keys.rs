//! The tables and keys themselves, in the order in which a reader meets them.

use super::super::fields::VALUE_TYPE_NAMES;
use super::super::values::DATE_ORDERS;
use super::super::{Consent, EmailUse, EmptyRule, OnLeave, Schedule, SendRule, SourceKind, StateIdentifiers};
use super::{Key, Kind, Presence, Table};
use crate::texts::Language;

/// Every table of the file.
pub static TABLES: &[&Table] = &[
    &root::TABLE,
    &connections::TABLE,
    &connection::TABLE,
    &exports::TABLE,
    &export::TABLE,
    &data_matching::TABLE,
    &email::TABLE,
    &attributes::TABLE,
    &field::TABLE,
    &attribute_names::TABLE,
    &audit_segment_ids::TABLE,
    &csv::TABLE,
    &sources::TABLE,
    &source::TABLE,
];

/// What other systems write into an empty cell: databases, their dumps, spreadsheets, pandas, scripts.
const NULL_VALUES_DEFAULT: &str = r##"["NULL", "\\N", "#N/A", "N/A", "nan", "NaN", "undefined", "None"]"##;

const CULTURE_WORDS: &str = "a language tag whose dates and numbers are known, such as \"de-DE\"";

/// Declares the keys of a table as statics and the table itself.
macro_rules! table {
    (
        $(#[doc = $table_doc:literal])+
        $module:ident $path:literal, $meaning:literal, chosen: $chosen:expr;
        $($(#[doc = $doc:literal])+ $key:ident = $name:literal, $kind:expr, $presence:expr;)*
    ) => {
        $(#[doc = $table_doc])+
        pub mod $module {
            #[allow(clippy::wildcard_imports, unused_imports, reason = "which kinds a table needs depends on its keys")]
            use super::*;

            $(
                $(#[doc = $doc])+
                pub static $key: Key = Key {
                    name: $name,
                    kind: $kind,
                    presence: $presence,
                    meaning: concat!($($doc),+).trim_ascii(),
                };
            )*

            /// The table.
            pub static TABLE: Table = Table { path: $path, meaning: $meaning, keys: &[$(&$key),*], chosen_keys: $chosen };
        }
    };
}

table! {
    /// The top level of the file.
    root "", "the file", chosen: None;
    /// The Braze workspaces, each in its own table `[connections.NAME]`.
    CONNECTIONS = "connections", Kind::Table("tables [connections.NAME], each with hostname"), Presence::Optional("none");
    /// The exports of Customer Insights, each in its own table `[exports.NAME]`.
    EXPORTS = "exports", Kind::Table("tables [exports.NAME], each with connection, folder and data_matching"), Presence::Optional("nothing is delivered");
    /// The places that files are fetched from, each in its own table `[sources.NAME]`.
    SOURCES = "sources", Kind::Table("tables [sources.NAME], each with kind, secret and into"), Presence::Optional("no files are fetched");
}

table! {
    /// `[connections]`: a table for each workspace.
    connections "connections", "the Braze workspaces, by name", chosen: Some(&CONNECTION_NAME);
}

table! {
    /// `[exports]`: a table for each export.
    exports "exports", "the exports, by name", chosen: Some(&EXPORT_NAME);
}

table! {
    /// `[sources]`: a table for each source.
    sources "sources", "the places that files are fetched from, by name", chosen: Some(&SOURCE_NAME);
}

/// A source.
static SOURCE_NAME: Key = Key {
    name: "NAME",
    kind: Kind::Table("a table [sources.NAME]"),
    presence: Presence::Optional("none"),
    meaning: "A name of letters, digits, - and _ that answers and actions refer to.",
};

/// A connection.
static CONNECTION_NAME: Key = Key {
    name: "NAME",
    kind: Kind::Table("a table [connections.NAME]"),
    presence: Presence::Optional("none"),
    meaning: "A name of letters, digits, - and _ that exports refer to.",
};

/// An export.
static EXPORT_NAME: Key = Key {
    name: "NAME",
    kind: Kind::Table("a table [exports.NAME]"),
    presence: Presence::Optional("none"),
    meaning: "A name of letters, digits, - and _ that reports and actions refer to.",
};

table! {
    /// `[connections.NAME]`.
    connection "connections.NAME", "a connection to a Braze workspace", chosen: None;
    /// The name shown to people.
    DISPLAY_NAME = "display_name", Kind::Text("a text that is not empty"), Presence::Optional("the table's name");
    /// The REST endpoint of your Braze instance (see Braze's API overview); `https://` and a trailing slash are accepted.
    HOSTNAME = "hostname", Kind::Text("a REST host of Braze such as \"rest.fra-01.braze.eu\""), Presence::Required;
    /// The secret that contains the REST API key as `{"api_key": "…"}`.
    SECRET = "secret", Kind::UnshownText("the name or the ARN of a secret in AWS Secrets Manager, such as \"insights-to-braze/braze-eu\""), Presence::Optional("the stack's own secret");
    /// What the workspace is called. By default, host and secret together are the workspace; with a name, its secret can be
    /// renamed, and several secrets of one workspace be used.
    WORKSPACE = "workspace", Kind::Text("a name of letters, digits, -, _ and full stops"), Presence::Optional("host and secret");
    /// Confirms that your organisation approved sending customer data to Braze; without it nothing is sent.
    AGREE_TO_DATA_TRANSFER = "agree_to_data_transfer", Kind::Boolean, Presence::Default("false");
    /// Requests per second that the contract allows.
    REQUESTS_PER_SECOND = "requests_per_second", Kind::WholeNumber(1, 1_000_000), Presence::Default("1000");
    /// Requests per clock hour that the contract allows.
    REQUESTS_PER_HOUR = "requests_per_hour", Kind::WholeNumber(1, 3_600_000_000), Presence::Optional("no hourly limit");
    /// The company of the workspace, where a contract limits the whole company: connections of one company share the rate.
    COMPANY = "company", Kind::Text("a name of letters, digits, -, _ and full stops"), Presence::Optional("the connection has its rate for itself");
    /// Attribute objects per request.
    OBJECTS_PER_REQUEST = "objects_per_request", Kind::WholeNumber(1, 75), Presence::Default("75");
    /// How the state stores customer IDs and email addresses; `encrypted` needs a `state_key` in the secret.
    STATE_IDENTIFIERS = "state_identifiers", Kind::OneOf(StateIdentifiers::NAMES), Presence::Default("\"plain\"");
    /// The bucket that Braze writes exports of segments to, if the workspace has one of the company's own (*Partner Integrations* > *Technology Partners* > *Amazon S3*). The functions may read it with the parameter `AuditBucket`.
    AUDIT_BUCKET = "audit_bucket", Kind::Text("the name of an S3 bucket in the region of the stack"), Presence::Optional("exports are downloaded from the address in Braze's answer");
    /// What the keys of these exports begin with in the bucket, before `segment-export/`.
    AUDIT_PREFIX = "audit_prefix", Kind::Text("the beginning of keys, such as \"braze/\""), Presence::Optional("nothing");
    /// Whether hosts that Braze does not publish are accepted.
    ALLOW_ANY_HOSTNAME = "allow_any_hostname", Kind::Boolean, Presence::Default("false");
}

table! {
    /// `[exports.NAME]`.
    export "exports.NAME", "an export of Customer Insights and how it is delivered", chosen: None;
    /// The connection to send through.
    CONNECTION = "connection", Kind::Text("the name of a connection of this file"), Presence::Required;
    /// The folder of the export's files.
    FOLDER = "folder", Kind::Text("a folder below incoming/, such as \"incoming/BlobExport\""), Presence::Required;
    /// The pattern of keys below the folder, if the supported layouts don't match.
    PATH = "path", Kind::Text("a pattern such as \"{segment}_{run}_{part}.csv.gz\""), Presence::Optional("the supported layouts");
    /// The segments to deliver.
    SEGMENTS = "segments", Kind::TextList("a list of different segment names, not empty"), Presence::Optional("every segment found in the folder");
    /// Whether the schedule and `run_all` deliver the export.
    SCHEDULE = "schedule", Kind::OneOf(Schedule::NAMES), Presence::Default("\"active\"");
    /// Whether a file is delivered as soon as it lands.
    ON_UPLOAD = "on_upload", Kind::Boolean, Presence::Default("true");
    /// Whether unchanged members are sent again.
    SEND = "send", Kind::OneOf(SendRule::NAMES), Presence::Default("\"changes\"");
    /// What happens to the attribute of members who left: set to `false`, removed, or kept.
    ON_LEAVE = "on_leave", Kind::OneOf(OnLeave::NAMES), Presence::Default("\"false\"");
    /// Whether Braze may create profiles for members it doesn't know.
    CREATE_PROFILES = "create_profiles", Kind::Boolean, Presence::Default("true");
    /// The largest share of members who may leave without a person's decision.
    MAX_LEAVERS = "max_leavers", Kind::Number(0.0, 1.0), Presence::Default("0.2");
    /// Days after which each member is sent again, spread over the runs, so that what Braze dropped or lost heals by itself. It costs data points.
    REFRESH_DAYS = "refresh_days", Kind::WholeNumber(1, 3_650), Presence::Optional("unchanged members are not sent");
    /// People who are sent and read back before the rest, when a segment is delivered first or its fields changed; 0 for none. Needs the permission `users.export.ids`.
    TRIAL = "trial", Kind::WholeNumber(0, 10_000), Presence::Default("200");
    /// Days after which the schedule compares each segment in `audit_segment_ids` with Braze again.
    AUDIT_DAYS = "audit_days", Kind::WholeNumber(1, 3_650), Presence::Optional("only the action `audit` compares");
    /// Minutes without changes after which a run without a `model.json` counts as complete.
    SETTLE_MINUTES = "settle_minutes", Kind::WholeNumber(0, 43_200), Presence::Default("30");
    /// The time zone in which the names of runs are read, and of the times on pages.
    TIME_ZONE = "time_zone", Kind::Text("a time zone of the IANA database such as \"Europe/Berlin\""), Presence::Optional("UTC");
    /// The language of the pages: English or Japanese.
    LANGUAGE = "language", Kind::OneOf(Language::NAMES), Presence::Default("\"en\"");
    /// Which columns identify a member.
    DATA_MATCHING = "data_matching", Kind::Table("a table that names the column of the customer ID, of the email, or of both: customer_id = \"COLUMN\", email = \"COLUMN\""), Presence::Required;
    /// Additional fields of the profile.
    ATTRIBUTES = "attributes", Kind::Table("a table of Braze names and columns, such as first_name = \"FirstName\""), Presence::Optional("none");
    /// Attribute names that differ from the segment's name.
    ATTRIBUTE_NAMES = "attribute_names", Kind::Table("a table of segments and attribute names, such as ChurnRisk = \"Churn Risk\""), Presence::Optional("the segment's name");
    /// The segment in Braze of everyone who has the attribute, for the action `audit`.
    AUDIT_SEGMENT_IDS = "audit_segment_ids", Kind::Table("a table of segments and Segment API identifiers, such as ChurnRisk = \"12345678-abcd-1234-abcd-123456789012\""), Presence::Optional("none");
    /// Texts that mean an empty cell, exactly as written here. In an identifier they mean an empty cell in any case.
    NULL_VALUES = "null_values", Kind::Texts("a list of different texts, or an empty list"), Presence::Default(NULL_VALUES_DEFAULT);
    /// Where telephone numbers without a country are from, if no `country_column` says it.
    DEFAULT_COUNTRY = "default_country", Kind::Text("a country, such as \"JP\""), Presence::Optional("only numbers with their country are sent");
    /// How dates and numbers are written in all columns.
    CULTURE = "culture", Kind::Text(CULTURE_WORDS), Presence::Optional("the culture in model.json; without one, numbers with a decimal point, and dates as each column shows");
    /// Whether a mapped subscription state may become looser: `stricter` sends `unsubscribed`, and `subscribed` or `opted_in` only for people who enter the segment; `overwrite` sends what the column says.
    CONSENT = "consent", Kind::OneOf(Consent::NAMES), Presence::Default("\"stricter\"");
    /// Settings of the files that are otherwise detected.
    CSV = "csv", Kind::Table("a table with delimiter, encoding, columns and limits such as max_record_bytes"), Presence::Optional("detected");
}

table! {
    /// `[exports.NAME.data_matching]`: at least one of its keys is needed.
    data_matching "exports.NAME.data_matching", "the columns that identify a member; at least one", chosen: None;
    /// The column of the customer ID, Braze's `external_id`.
    CUSTOMER_ID = "customer_id", Kind::Text("the name of a column"), Presence::Optional("members are identified by email");
    /// The column of the email address.
    EMAIL = "email", Kind::TextOrTable("the name of a column, or a table such as { column = \"EMail\", use = \"match\" }"), Presence::Optional("members are identified by customer ID");
}

table! {
    /// The long form of the email address.
    email "exports.NAME.data_matching.email", "the column of the email address, and what the address is for", chosen: None;
    /// The column of the email address.
    COLUMN = "column", Kind::Text("the name of a column"), Presence::Required;
    /// Whether the address of a row with a customer ID becomes the address of the profile (`set`), or only rows without an ID use it (`match`).
    USE = "use", Kind::OneOf(EmailUse::NAMES), Presence::Default("\"set\"");
}

table! {
    /// `[exports.NAME.attributes]`: Braze's name and the column that fills it.
    attributes "exports.NAME.attributes", "additional fields: Braze's name and the column that fills it", chosen: Some(&FIELD);
}

table! {
    /// The long form of an additional field.
    field "exports.NAME.attributes.FIELD", "an additional field with its type and its rule for empty cells", chosen: None;
    /// The column that fills the field.
    COLUMN = "column", Kind::Text("the name of a column"), Presence::Required;
    /// The type of its values; the type names of Customer Insights (int64, double, dateTimeOffset, …) are accepted too.
    TYPE = "type", Kind::OneOf(VALUE_TYPE_NAMES), Presence::Optional("the type in model.json, otherwise text");
    /// Whether an empty cell keeps the field on the profile or removes it.
    EMPTY = "empty", Kind::OneOf(EmptyRule::NAMES), Presence::Default("\"keep\"");
    /// The separator between the texts of an array.
    SEPARATOR = "separator", Kind::Text("a text that is not empty, together with type = \"array\""), Presence::Optional("a semicolon");
    /// The column that says where a telephone number without its country is from.
    COUNTRY_COLUMN = "country_column", Kind::Text("the name of a column, for the field phone"), Presence::Optional("default_country of the export");
    /// Texts that mean true, besides the usual ones (yes, ja, oui, はい, …).
    TRUE_VALUES = "true_values", Kind::TextList("a list of different texts, not empty, for a boolean"), Presence::Optional("the usual ones");
    /// Texts that mean false, besides the usual ones.
    FALSE_VALUES = "false_values", Kind::TextList("a list of different texts, not empty, for a boolean"), Presence::Optional("the usual ones");
    /// The order of day and month in dates that do not begin with the year.
    DATE_ORDER = "date_order", Kind::OneOf(DATE_ORDERS), Presence::Optional("as the column's own cells show, else that of the culture");
    /// How the dates and numbers of this column are written.
    CULTURE = "culture", Kind::Text(CULTURE_WORDS), Presence::Optional("the culture of the export");
    /// Whether a number in a column of dates is a day as spreadsheets count them (46349 is 2026-11-23).
    EXCEL_SERIAL = "excel_serial", Kind::Boolean, Presence::Default("false");
}

table! {
    /// `[exports.NAME.attribute_names]`: a segment and the name of its attribute.
    attribute_names "exports.NAME.attribute_names", "attribute names that differ from the segment's name", chosen: Some(&ATTRIBUTE_NAME);
}

table! {
    /// `[exports.NAME.audit_segment_ids]`: a segment and the identifier of the segment in Braze of everyone who has its attribute.
    audit_segment_ids "exports.NAME.audit_segment_ids", "the segments in Braze of everyone who has the attribute, for the action `audit`", chosen: Some(&AUDIT_SEGMENT_ID);
}

/// An additional field.
static FIELD: Key = Key {
    name: "FIELD",
    kind: Kind::TextOrTable("the name of a column, or a table such as { column = \"Points\", type = \"integer\" }"),
    presence: Presence::Optional("not sent"),
    meaning: "A standard field in Braze's spelling, or a custom attribute.",
};

/// The attribute of a segment.
static ATTRIBUTE_NAME: Key = Key {
    name: "SEGMENT",
    kind: Kind::Text("the name of a custom attribute"),
    presence: Presence::Optional("the segment's name"),
    meaning: "The custom attribute of this segment.",
};

/// The segment in Braze that a segment is compared with.
static AUDIT_SEGMENT_ID: Key = Key {
    name: "SEGMENT",
    kind: Kind::Text("the Segment API identifier of a segment in Braze: letters, digits and hyphens"),
    presence: Presence::Optional("the segment cannot be audited"),
    meaning: "The Segment API identifier of a segment in Braze with the one filter \"attribute is true\" (*Settings* > *APIs and Identifiers*).",
};

table! {
    /// `[exports.NAME.csv]`.
    csv "exports.NAME.csv", "settings of the files that are otherwise detected", chosen: None;
    /// The field delimiter.
    DELIMITER = "delimiter", Kind::OneOf(&[",", ";", "\t", "|", "tab"]), Presence::Optional("detected");
    /// What precedes a quotation mark inside a quoted field: a backslash, as Spark writes it, or a second mark.
    ESCAPE = "escape", Kind::OneOf(&["\\", "\""]), Presence::Optional("detected");
    /// How the files are encoded. A byte-order mark in a file wins.
    ENCODING = "encoding", Kind::Text("an encoding such as \"shift_jis\", \"windows-1252\" or \"utf-16le\""), Presence::Optional("UTF-8; the encoding in model.json for a file that is not UTF-8");
    /// The columns of files without a header and without a `model.json`.
    COLUMNS = "columns", Kind::TextList("a list of different column names, not empty"), Presence::Optional("from the header of the file or model.json");
    /// The largest row, in bytes without its line ending; larger rows are rejected.
    MAX_RECORD_BYTES = "max_record_bytes", Kind::WholeNumber(1_024, 16_777_216), Presence::Default("1048576");
    /// The largest header, in bytes.
    MAX_HEADER_BYTES = "max_header_bytes", Kind::WholeNumber(1_024, 4_194_304), Presence::Default("262144");
    /// The largest number of columns.
    MAX_COLUMNS = "max_columns", Kind::WholeNumber(1, 20_000), Presence::Default("1000");
    /// The largest uncompressed text of a file, in bytes: protects against compression bombs.
    MAX_TEXT_BYTES = "max_text_bytes", Kind::WholeNumber(1_024, 1_099_511_627_776), Presence::Default("68719476736");
    /// The bytes of rejected rows per file that `rejected.csv` lists; further rows are only counted. With 0 it lists none.
    MAX_REJECTED_BYTES = "max_rejected_bytes", Kind::WholeNumber(0, 1_073_741_824), Presence::Default("67108864");
}

table! {
    /// `[sources.NAME]`.
    source "sources.NAME", "a place that files are fetched from", chosen: None;
    /// What kind of storage it is.
    KIND = "kind", Kind::OneOf(SourceKind::NAMES), Presence::Required;
    /// The address of the storage account: in the Azure portal, *Settings* > *Endpoints* > *Blob service*.
    ACCOUNT_URL = "account_url", Kind::UnshownText("the URL of the Blob service of a storage account, such as \"https://ACCOUNT.blob.core.windows.net\""), Presence::Optional("the account in the SAS URL that the secret holds");
    /// The container that Customer Insights exports to.
    CONTAINER = "container", Kind::Text("the name of a container: 3 to 63 lower-case letters, digits and single hyphens"), Presence::Optional("the container in the SAS URL that the secret holds");
    /// The folder in the container that holds `model.json`, as the export wrote it.
    FOLDER = "folder", Kind::Text("a folder of the container, such as \"CustomerInsights_INSTANCE/BlobExport\""), Presence::Optional("the whole container");
    /// The secret with a SAS as `{"sas": "…"}`, or with an Entra application as `{"tenant_id": "…", "client_id": "…", "client_secret": "…"}`; without `client_secret`, the application trusts the role of the function.
    SECRET = "secret", Kind::UnshownText("the name or the ARN of a secret in AWS Secrets Manager, such as \"insights-to-braze/azure\""), Presence::Required;
    /// The folder that the files are copied into: the `folder` of an export.
    INTO = "into", Kind::Text("a folder below incoming/, such as \"incoming/BlobExport\""), Presence::Required;
    /// Files that last changed more than this number of days ago are not fetched. At most the days after which the bucket deletes files (`IncomingRetentionDays`); more than the days between two runs of an export.
    KEEP_DAYS = "keep_days", Kind::WholeNumber(1, 3_650), Presence::Default("7");
}
