//! Requests of people and programs.

use std::fmt;

use serde_json::Value;

use super::fields::{Fields, RUN, shown};
pub use super::request::{AttributeSubject, Audit, Forget, OnDemand, ReleaseRequest, Retry, Run, StoredReports, Undo};
use super::{EventError, kind_of};
use crate::erase;
use crate::names::{ExportName, SegmentName, SourceName};

const ACTIONS: &str = "run, run_all, connect, status, report, fetch, audit, undo, retire, forget, rebuild, retry, inspect, erase, configuration";

impl OnDemand {
    /// Reads a request.
    pub fn parse(event: &Value) -> Result<Self, EventError> {
        let Value::Object(fields) = event else {
            return Err(EventError::Unknown {
                found: kind_of(event).to_owned(),
                allowed: "an object with the field \"action\": run, run_all, connect, status, report, fetch, audit, undo, retire, forget, rebuild, retry, inspect, erase or configuration",
            });
        };
        let mut fields = Fields::of_action(fields);
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
            "report" => Self::Report(fields.stored_reports()?),
            "retire" => Self::Retire { subject: fields.attribute_subject()?, dry_run: fields.flag("dry_run")? },
            "forget" => Self::Forget(Forget {
                export: fields.required("export", "the name of an export")?.into(),
                segment: fields.text("segment", "the table name of a segment")?.map(SegmentName::from),
                run: fields.run()?.ok_or_else(|| EventError::field("run", "nothing", RUN))?,
                file: fields.text("file", "the key of a file of the run")?.map(str::to_owned),
                dry_run: fields.flag("dry_run")?,
            }),
            "rebuild" => Self::Rebuild { subject: fields.attribute_subject()?, dry_run: fields.flag("dry_run")? },
            "audit" => Self::Audit(fields.audit()?),
            "undo" => Self::Undo(fields.undo()?),
            "retry" => Self::Retry(fields.retry()?),
            "inspect" => Self::Inspect(fields.subject()?),
            "erase" => Self::Erase(erase::Request {
                person: fields.person()?,
                reference: fields.reference()?,
                dry_run: fields.flag("dry_run")?,
            }),
            "configuration" => Self::Configuration,
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
            Self::Report(_) => "report",
            Self::Retire { .. } => "retire",
            Self::Forget(_) => "forget",
            Self::Rebuild { .. } => "rebuild",
            Self::Audit(_) => "audit",
            Self::Undo(_) => "undo",
            Self::Retry(_) => "retry",
            Self::Inspect(_) => "inspect",
            Self::Erase(_) => "erase",
            Self::Configuration => "configuration",
        })
    }
}
