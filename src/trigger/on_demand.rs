//! Requests of people and programs.

use std::fmt;

use serde_json::{Map, Value};

use super::{EventError, kind_of};
use crate::config::SendRule;
use crate::erase::{self, Person};
use crate::inspect::Subject;
use crate::names::{AttributeName, ConnectionName, ExportName, SegmentName, SourceName};
use crate::pattern::RunId;

/// An action and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnDemand {
    /// Delivers the newest run of one export, regardless of its schedule.
    Run(Run),
    /// Delivers the newest runs of all exports with an active schedule.
    RunAll {
        /// Whether to only report what would be sent.
        dry_run: bool,
    },
    /// Tests a connection without changing any data.
    Connect {
        /// The connection.
        connection: ConnectionName,
    },
    /// Tests a source without copying anything.
    ConnectSource {
        /// The source.
        source: SourceName,
    },
    /// Copies new files from sources into the bucket.
    Fetch {
        /// Only from this source.
        source: Option<SourceName>,
        /// Whether to only report what would be copied.
        dry_run: bool,
    },
    /// Reports the status of segments and sources.
    Status {
        /// Only of this export.
        export: Option<ExportName>,
    },
    /// Applies `on_leave` to everyone who may have an attribute that is no longer fed.
    Retire {
        /// The attribute.
        subject: AttributeSubject,
        /// Whether to only count the people.
        dry_run: bool,
    },
    /// Drops a run, or a file of it that is gone.
    Forget(Forget),
    /// Makes a state usable again that is damaged and cannot be restored.
    Rebuild {
        /// The attribute.
        subject: AttributeSubject,
        /// Whether to only report what would be done.
        dry_run: bool,
    },
    /// Delivers again what failed.
    Retry(Retry),
    /// Says how files are read, or why they are ignored.
    Inspect(Subject),
    /// Erases one person from state and reports.
    Erase(erase::Request),
}

/// The parameters of `run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The export.
    pub export: ExportName,
    /// One of its segments; `None` is all.
    pub segment: Option<SegmentName>,
    /// Whether to only report what would be sent.
    pub dry_run: bool,
    /// Which rows are sent; `None` for the export's setting.
    pub send: Option<SendRule>,
    /// What a person releases, as far as they said: the run, and how many people leave with it.
    pub release: Option<ReleaseRequest>,
    /// In how many rows of a file, at most, doubtful identifiers are right.
    pub allow_identifiers: Option<u64>,
    /// How many people or fields may differ in Braze, at most.
    pub allow_differences: Option<u64>,
    /// Only this person is sent, regardless of what was delivered; nothing else happens.
    pub only: Option<Person>,
}

/// What a person releases. Without the run and the number, nothing is released, and the answer names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// The run.
    pub run: Option<RunId>,
    /// How many people leave with it.
    pub people: Option<u64>,
}

/// An attribute: by the segment that feeds or has fed it, or by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeSubject {
    /// The attribute of a segment.
    Segment {
        /// The export.
        export: ExportName,
        /// The segment.
        segment: SegmentName,
    },
    /// An attribute of the workspace that a connection leads to.
    Attribute {
        /// The connection.
        connection: ConnectionName,
        /// The attribute.
        attribute: AttributeName,
    },
}

/// What `forget` is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forget {
    /// The export.
    pub export: ExportName,
    /// One of its segments; `None` is every segment that has the run.
    pub segment: Option<SegmentName>,
    /// The run.
    pub run: RunId,
    /// A file of the run that is gone: the run is complete without it.
    pub file: Option<String>,
    /// Whether to only report what would be done.
    pub dry_run: bool,
}

/// The parameters of `retry`; without any, everything that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// Only of this export.
    pub export: Option<ExportName>,
    /// Only of this segment; requires the export.
    pub segment: Option<SegmentName>,
    /// Only of this run; requires the export.
    pub run: Option<RunId>,
    /// Whether to only report what would be delivered again.
    pub dry_run: bool,
}

/// What names a run.
const RUN: &str = "a run as the reports name it, such as \"2026-11-23T01:02Z\"";

const ACTIONS: &str = "run, run_all, connect, status, fetch, retire, forget, rebuild, retry, inspect, erase";

impl OnDemand {
    /// Reads a request.
    pub fn parse(event: &Value) -> Result<Self, EventError> {
        let Value::Object(fields) = event else {
            return Err(EventError::Unknown {
                found: kind_of(event).to_owned(),
                allowed: "an object with the field \"action\": run, run_all, connect, status, fetch, retire, forget, rebuild, retry, inspect or erase",
            });
        };
        let mut fields = Fields { fields, known: vec!["action"] };
        let request = match fields.required("action", ACTIONS)? {
            "run" => Self::Run(Run {
                export: fields.required("export", "the name of an export")?.into(),
                segment: fields.text("segment", "the table name of a segment")?.map(SegmentName::from),
                dry_run: fields.flag("dry_run")?,
                send: fields.send()?,
                release: fields.release()?,
                allow_identifiers: fields.count("allow_identifiers")?,
                allow_differences: fields.count("allow_differences")?,
                only: fields.only()?,
            }),
            "run_all" => Self::RunAll { dry_run: fields.flag("dry_run")? },
            "connect" => fields.connect()?,
            "fetch" => Self::Fetch {
                source: fields.text("source", "the name of a source")?.map(SourceName::from),
                dry_run: fields.flag("dry_run")?,
            },
            "status" => Self::Status { export: fields.text("export", "the name of an export")?.map(ExportName::from) },
            "retire" => Self::Retire { subject: fields.attribute_subject()?, dry_run: fields.flag("dry_run")? },
            "forget" => Self::Forget(Forget {
                export: fields.required("export", "the name of an export")?.into(),
                segment: fields.text("segment", "the table name of a segment")?.map(SegmentName::from),
                run: fields.run()?.ok_or_else(|| EventError::field("run", "nothing", RUN))?,
                file: fields.text("file", "the key of a file of the run")?.map(str::to_owned),
                dry_run: fields.flag("dry_run")?,
            }),
            "rebuild" => Self::Rebuild { subject: fields.attribute_subject()?, dry_run: fields.flag("dry_run")? },
            "retry" => Self::Retry(fields.retry()?),
            "inspect" => Self::Inspect(fields.subject()?),
            "erase" => Self::Erase(erase::Request {
                person: fields.person()?,
                reference: fields.reference()?,
                dry_run: fields.flag("dry_run")?,
            }),
            other => return Err(EventError::field("action", shown(other), ACTIONS)),
        };
        fields.no_others()?;
        Ok(request)
    }
}

impl fmt::Display for OnDemand {
    /// The action's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run(_) => "run",
            Self::RunAll { .. } => "run_all",
            Self::Connect { .. } | Self::ConnectSource { .. } => "connect",
            Self::Fetch { .. } => "fetch",
            Self::Status { .. } => "status",
            Self::Retire { .. } => "retire",
            Self::Forget(_) => "forget",
            Self::Rebuild { .. } => "rebuild",
            Self::Retry(_) => "retry",
            Self::Inspect(_) => "inspect",
            Self::Erase(_) => "erase",
        })
    }
}

/// The fields of a request, and those that its action knows.
struct Fields<'e> {
    fields: &'e Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'e> Fields<'e> {
    fn value(&mut self, name: &'static str) -> Option<&'e Value> {
        self.known.push(name);
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn text(&mut self, name: &'static str, allowed: &str) -> Result<Option<&'e str>, EventError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(Value::String(_)) => Err(EventError::field(name, "an empty text", allowed)),
            Some(other) => Err(EventError::field(name, kind_of(other), allowed)),
        }
    }

    fn required(&mut self, name: &'static str, allowed: &str) -> Result<&'e str, EventError> {
        self.text(name, allowed)?.ok_or_else(|| EventError::field(name, "nothing", allowed))
    }

    fn flag(&mut self, name: &'static str) -> Result<bool, EventError> {
        match self.value(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(EventError::field(name, kind_of(other), "true or false")),
        }
    }

    fn count(&mut self, name: &'static str) -> Result<Option<u64>, EventError> {
        match self.value(name) {
            None => Ok(None),
            Some(value) if value.as_u64().is_some() => Ok(value.as_u64()),
            Some(other) => Err(EventError::field(name, kind_of(other), "the number that the report names")),
        }
    }

    fn send(&mut self) -> Result<Option<SendRule>, EventError> {
        let allowed = "\"changes\" or \"all\"";
        match self.text("send", allowed)? {
            None => Ok(None),
            Some("changes") => Ok(Some(SendRule::Changes)),
            Some("all") => Ok(Some(SendRule::All)),
            Some(other) => Err(EventError::field("send", shown(other), allowed)),
        }
    }

    fn run(&mut self) -> Result<Option<RunId>, EventError> {
        match self.text("run", RUN)? {
            None => Ok(None),
            Some(run) => run.parse().map(Some).map_err(|_| EventError::field("run", shown(run), RUN)),
        }
    }

    /// `true` and a number alone name nothing that could be released; the answer to them says what could.
    fn release(&mut self) -> Result<Option<ReleaseRequest>, EventError> {
        let allowed = "the number of people who may leave, together with \"run\"";
        let run = self.run()?;
        let people = match self.value("allow_leavers") {
            None | Some(Value::Bool(false)) if run.is_none() => return Ok(None),
            None | Some(Value::Bool(false)) => return Err(EventError::field("allow_leavers", "nothing", allowed)),
            Some(Value::Bool(true)) => None,
            Some(Value::Number(number)) => {
                Some(number.as_u64().ok_or_else(|| EventError::field("allow_leavers", number.to_string(), allowed))?)
            }
            Some(other) => return Err(EventError::field("allow_leavers", kind_of(other), allowed)),
        };
        Ok(Some(ReleaseRequest { run, people }))
    }

    fn attribute_subject(&mut self) -> Result<AttributeSubject, EventError> {
        let connection = self.text("connection", "the name of a connection")?;
        let attribute = self.text("attribute", "the name of an attribute")?;
        let export = self.text("export", "the name of an export")?;
        let segment = self.text("segment", "the table name of a segment")?;
        match (export, segment, connection, attribute) {
            (Some(export), Some(segment), None, None) => {
                Ok(AttributeSubject::Segment { export: export.into(), segment: segment.into() })
            }
            (None, None, Some(connection), Some(attribute)) => {
                Ok(AttributeSubject::Attribute { connection: connection.into(), attribute: attribute.into() })
            }
            (Some(_), None, None, None) => Err(EventError::field("segment", "nothing", "the table name of a segment")),
            (None, None, Some(_), None) => Err(EventError::field("attribute", "nothing", "the name of an attribute")),
            _ => {
                let allowed = "\"export\" and \"segment\", or \"connection\" and \"attribute\"";
                Err(EventError::field("export", if export.is_some() { "both forms" } else { "nothing" }, allowed))
            }
        }
    }

    fn connect(&mut self) -> Result<OnDemand, EventError> {
        let connection = self.text("connection", "the name of a connection")?;
        match (connection, self.text("source", "the name of a source")?) {
            (Some(connection), None) => Ok(OnDemand::Connect { connection: connection.into() }),
            (None, Some(source)) => Ok(OnDemand::ConnectSource { source: source.into() }),
            (None, None) => Err(EventError::field(
                "connection",
                "nothing",
                "the name of a connection, or of a source in \"source\"",
            )),
            (Some(_), Some(_)) => Err(EventError::field("connection", "connection and source", "one of the two")),
        }
    }

    fn retry(&mut self) -> Result<Retry, EventError> {
        let export = self.text("export", "the name of an export")?.map(ExportName::from);
        let segment = self.text("segment", "the table name of a segment")?.map(SegmentName::from);
        let run = self.run()?;
        if export.is_none() && (segment.is_some() || run.is_some()) {
            return Err(EventError::field(
                "export",
                "nothing",
                "the name of an export, when a segment or a run is named",
            ));
        }
        Ok(Retry { export, segment, run, dry_run: self.flag("dry_run")? })
    }

    /// A key or a folder below `incoming/`, or an export. Nothing else in the bucket may be inspected.
    fn subject(&mut self) -> Result<Subject, EventError> {
        let allowed = "a key or a folder below incoming/, such as \"incoming/BlobExport/\"";
        let key = self.text("key", allowed)?;
        let export = self.text("export", "the name of an export")?;
        match (key, export) {
            (Some(key), None) if key.starts_with("incoming/") => Ok(Subject::Key(key.to_owned())),
            (Some(key), None) => Err(EventError::field("key", shown(key), allowed)),
            (None, Some(export)) => Ok(Subject::Export(export.into())),
            (None, None) => Err(EventError::field("key", "nothing", "key or export")),
            (Some(_), Some(_)) => Err(EventError::field("key", "key and export", "one of the two")),
        }
    }

    /// A person by customer ID (Braze calls it `external_id`), by email, or by both. No message shows either.
    fn person(&mut self) -> Result<Person, EventError> {
        let allowed = "customer_id (or external_id), email, or both, each a text";
        let customer_id = self.text("customer_id", allowed)?;
        let external_id = self.text("external_id", allowed)?;
        let email = self.text("email", allowed)?;
        if customer_id.is_some() && external_id.is_some() && customer_id != external_id {
            return Err(EventError::field("external_id", "another value than in customer_id (not shown)", allowed));
        }
        Person::new(customer_id.or(external_id), email).map_err(|error| {
            let field = if email.is_some() { "email" } else { "customer_id" };
            EventError::field(field, error.to_string(), allowed)
        })
    }

    /// The one person whom a run is about. No message shows who it is.
    fn only(&mut self) -> Result<Option<Person>, EventError> {
        let allowed = "an object with \"customer_id\" or \"email\", without \"dry_run\"";
        let Some(value) = self.value("only") else {
            return Ok(None);
        };
        let Value::Object(fields) = value else {
            return Err(EventError::field("only", kind_of(value), allowed));
        };
        if self.flag("dry_run")? {
            return Err(EventError::field("only", "dry_run as well", allowed));
        }
        let mut fields = Fields { fields, known: Vec::new() };
        let person = fields.person()?;
        fields.no_others()?;
        Ok(Some(person))
    }

    /// The caller's name for the request. It is stored, so it must not be an address.
    fn reference(&mut self) -> Result<Option<String>, EventError> {
        let allowed = "at most 100 letters, digits, spaces and ._:/#-, such as \"DSR-2026-17\"";
        match self.text("reference", allowed)? {
            Some(text)
                if text.chars().count() > 100
                    || !text.chars().all(|one| one.is_alphanumeric() || " ._:/#-".contains(one)) =>
            {
                Err(EventError::field("reference", "another text (not shown)", allowed))
            }
            text => Ok(text.map(str::to_owned)),
        }
    }

    fn no_others(&self) -> Result<(), EventError> {
        match self.fields.keys().find(|field| !self.known.contains(&field.as_str())) {
            None => Ok(()),
            Some(unknown) => {
                Err(EventError::field(shown(unknown), "a field that this action does not know", self.known.join(", ")))
            }
        }
    }
}

fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(60).collect::<String>())
}
