//! The fields of a request.

use serde_json::{Map, Value};

use super::request::{AttributeSubject, Audit, OnDemand, ReleaseRequest, Retry, StoredReports, Undo};
use super::{EventError, kind_of};
use crate::config::SendRule;
use crate::erase::Person;
use crate::inspect::Subject;
use crate::names::{ExportName, SegmentName};
use crate::pattern::RunId;

/// What names a run.
pub(super) const RUN: &str = "a run as the reports name it, such as \"2026-11-23T01:02Z\"";

/// The fields of a request, and those that its action knows.
pub(super) struct Fields<'e> {
    fields: &'e Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'e> Fields<'e> {
    /// Those of an action, whose name is one of them.
    pub(super) fn of_action(fields: &'e Map<String, Value>) -> Self {
        Self { fields, known: vec!["action"] }
    }

    fn value(&mut self, name: &'static str) -> Option<&'e Value> {
        self.known.push(name);
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &'static str, allowed: &str) -> Result<Option<&'e str>, EventError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(Value::String(_)) => Err(EventError::field(name, "an empty text", allowed)),
            Some(other) => Err(EventError::field(name, kind_of(other), allowed)),
        }
    }

    pub(super) fn required(&mut self, name: &'static str, allowed: &str) -> Result<&'e str, EventError> {
        self.text(name, allowed)?.ok_or_else(|| EventError::field(name, "nothing", allowed))
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, EventError> {
        match self.value(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(EventError::field(name, kind_of(other), "true or false")),
        }
    }

    pub(super) fn count(&mut self, name: &'static str) -> Result<Option<u64>, EventError> {
        match self.value(name) {
            None => Ok(None),
            Some(value) if value.as_u64().is_some() => Ok(value.as_u64()),
            Some(other) => Err(EventError::field(name, kind_of(other), "the number that the report names")),
        }
    }

    pub(super) fn send(&mut self) -> Result<Option<SendRule>, EventError> {
        let allowed = "\"changes\" or \"all\"";
        match self.text("send", allowed)? {
            None => Ok(None),
            Some("changes") => Ok(Some(SendRule::Changes)),
            Some("all") => Ok(Some(SendRule::All)),
            Some(other) => Err(EventError::field("send", shown(other), allowed)),
        }
    }

    pub(super) fn run(&mut self) -> Result<Option<RunId>, EventError> {
        match self.text("run", RUN)? {
            None => Ok(None),
            Some(run) => run.parse().map(Some).map_err(|_| EventError::field("run", shown(run), RUN)),
        }
    }

    /// `true` and a number alone name nothing that could be released; the answer to them says what could.
    pub(super) fn release(&mut self) -> Result<Option<ReleaseRequest>, EventError> {
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

    pub(super) fn stored_reports(&mut self) -> Result<StoredReports, EventError> {
        let (run, history) = (self.run()?, self.flag("history")?);
        if run.is_some() && history {
            return Err(EventError::field("history", "run as well", "one of the two"));
        }
        Ok(StoredReports {
            export: self.required("export", "the name of an export")?.into(),
            segment: self.text("segment", "the table name of a segment")?.map(SegmentName::from),
            run,
            history,
        })
    }

    pub(super) fn attribute_subject(&mut self) -> Result<AttributeSubject, EventError> {
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

    pub(super) fn connect(&mut self) -> Result<OnDemand, EventError> {
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

    /// Differences are allowed for a repair alone.
    pub(super) fn audit(&mut self) -> Result<Audit, EventError> {
        let request = Audit {
            export: self.required("export", "the name of an export")?.into(),
            segment: self.text("segment", "the table name of a segment")?.map(SegmentName::from),
            repair: self.flag("repair")?,
            allow_differences: self.count("allow_differences")?,
            dry_run: self.flag("dry_run")?,
        };
        if request.allow_differences.is_some() && !request.repair {
            return Err(EventError::field("repair", "nothing", "true, together with \"allow_differences\""));
        }
        Ok(request)
    }

    /// Without the run, a request that comes twice would undo one run after another.
    pub(super) fn undo(&mut self) -> Result<Undo, EventError> {
        let request = Undo {
            export: self.required("export", "the name of an export")?.into(),
            segment: self.required("segment", "the table name of a segment")?.into(),
            run: self.run()?,
            allow_leavers: self.count("allow_leavers")?,
            dry_run: self.flag("dry_run")?,
        };
        if request.run.is_none() && !request.dry_run {
            return Err(EventError::field("run", "nothing", "the run that the answer with \"dry_run\": true names"));
        }
        Ok(request)
    }

    pub(super) fn retry(&mut self) -> Result<Retry, EventError> {
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
    pub(super) fn subject(&mut self) -> Result<Subject, EventError> {
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
    pub(super) fn person(&mut self) -> Result<Person, EventError> {
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
    pub(super) fn only(&mut self) -> Result<Option<Person>, EventError> {
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
    pub(super) fn reference(&mut self) -> Result<Option<String>, EventError> {
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

    pub(super) fn no_others(&self) -> Result<(), EventError> {
        match self.fields.keys().find(|field| !self.known.contains(&field.as_str())) {
            None => Ok(()),
            Some(unknown) => {
                Err(EventError::field(shown(unknown), "a field that this action does not know", self.known.join(", ")))
            }
        }
    }
}

pub(super) fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(60).collect::<String>())
}
