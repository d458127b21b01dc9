//! What to check before a delivery: a dry run and `inspect` begin with it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Problem, Report};
use crate::config::Export;
use crate::message::{Coded, Message, codes, counted};
use crate::names::ConnectionName;

/// A larger share of duplicates among the rows is worth a look, in per cent.
pub const MOST_DUPLICATES: u64 = 5;

/// More data points than this are worth a look.
pub const MOST_DATA_POINTS: u64 = 10_000;

/// Something to check before a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The connection has no consent to send customer data, so nothing would be sent.
    ///
    /// Fix: set `agree_to_data_transfer = true` once your organisation has approved the transfer.
    NoConsent {
        /// The connection.
        connection: ConnectionName,
    },
    /// Nothing was ever delivered to the connection's workspace.
    ///
    /// Fix: test the connection with `connect`; it changes nothing in Braze.
    KeyUntested {
        /// The connection.
        connection: ConnectionName,
    },
    /// One column fills two fields.
    ///
    /// Fix: correct `data_matching` or `attributes`, unless it is meant.
    SameColumn {
        /// The column.
        column: String,
        /// The fields.
        fields: Vec<String>,
    },
    /// Many rows would be rejected, or many values of a field not sent.
    ///
    /// Fix: check the column and the type of the field, and the reasons in the dry run.
    Missing {
        /// What would be missing.
        problem: Problem,
    },
    /// Many rows repeat a member.
    ///
    /// Fix: check the column of the customer ID.
    Duplicates {
        /// How many rows.
        rows: u64,
        /// Rows read.
        of: u64,
    },
    /// The identifiers look doubtful.
    ///
    /// Fix: check the columns in `data_matching`.
    Identifiers {
        /// What is doubtful.
        doubt: String,
    },
    /// The run would be held.
    ///
    /// Fix: compare the numbers with Customer Insights before you deliver.
    WouldBeHeld {
        /// Why.
        reason: String,
    },
    /// The segment has no complete run, so everyone is sent.
    ///
    /// Fix: nothing to do, if the number is that of Customer Insights.
    FirstRun {
        /// How many members.
        members: u64,
    },
    /// The delivery would use many data points.
    ///
    /// Fix: compare with your contract, if it counts data points.
    DataPoints {
        /// How many.
        points: u64,
    },
}

codes!(Warning {
    NoConsent = "ITB-W01",
    KeyUntested = "ITB-W02",
    SameColumn = "ITB-W03",
    Missing = "ITB-W04",
    Duplicates = "ITB-W05",
    Identifiers = "ITB-W06",
    WouldBeHeld = "ITB-W07",
    FirstRun = "ITB-W08",
    DataPoints = "ITB-W09",
});

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConsent { connection } => {
                write!(f, "agree_to_data_transfer is not true for the connection {connection}: nothing would be sent")
            }
            Self::KeyUntested { connection } => {
                write!(f, "nothing was delivered through the connection {connection} yet: test it with connect")
            }
            Self::SameColumn { column, fields } => {
                write!(f, "the column {column} fills {}: is one of them meant to have another?", fields.join(" and "))
            }
            Self::Missing { problem } => write!(f, "{problem}"),
            Self::Duplicates { rows, of } => write!(
                f,
                "{} of {} repeat a member: the column of the customer ID may be the wrong one",
                counted(*rows, "row", "rows"),
                counted(*of, "row", "rows")
            ),
            Self::Identifiers { doubt } => write!(f, "{doubt}"),
            Self::WouldBeHeld { reason } => write!(f, "would be held: {reason}"),
            Self::FirstRun { members } => {
                write!(f, "no complete run yet: {} would be sent", counted(*members, "member", "members"))
            }
            Self::DataPoints { points } => write!(f, "it would use {}", counted(*points, "data point", "data points")),
        }
    }
}

/// A warning as responses carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What to check.
    pub message: String,
    /// The code of the message, as `docs/messages.md` lists it.
    pub code: String,
}

impl From<&Warning> for Check {
    fn from(warning: &Warning) -> Self {
        let Message { text, code } = warning.to_message();
        Self { message: text, code }
    }
}

impl Warning {
    /// What the configuration of an export shows, before any file is read. `untested` says that nothing was ever delivered to
    /// the connection's workspace.
    pub fn of_config(export: &Export, untested: bool) -> Vec<Self> {
        let connection = || export.connection.name.clone();
        let mut warnings = Vec::new();
        if !export.connection.agree_to_data_transfer {
            warnings.push(Self::NoConsent { connection: connection() });
        }
        if untested {
            warnings.push(Self::KeyUntested { connection: connection() });
        }
        let matching = &export.data_matching;
        let identifiers = [("the customer ID", &matching.customer_id), ("the email", &matching.email)];
        let identifiers = identifiers.into_iter().filter_map(|(field, column)| Some((field, column.as_ref()?)));
        let fields = export.attributes.iter().map(|field| (field.name.as_str(), &field.column));
        let mut columns: Vec<(&String, Vec<String>)> = Vec::new();
        for (field, column) in identifiers.chain(fields) {
            let same = |known: &str| known.trim().eq_ignore_ascii_case(column.trim());
            match columns.iter_mut().find(|(known, _)| same(known)) {
                Some((_, fields)) => fields.push(field.to_owned()),
                None => columns.push((column, vec![field.to_owned()])),
            }
        }
        let shared = columns.into_iter().filter(|(_, fields)| fields.len() > 1);
        warnings.extend(shared.map(|(column, fields)| Self::SameColumn { column: column.clone(), fields }));
        warnings
    }

    /// What a dry run shows. `doubts` are those about the identifiers.
    pub fn of_dry_run(report: &Report, problems: Vec<Problem>, doubts: impl IntoIterator<Item = String>) -> Vec<Self> {
        let mut warnings: Vec<Self> = problems.into_iter().map(|problem| Self::Missing { problem }).collect();
        let (rows, of) = (report.rows.duplicate, report.rows.read);
        if super::problems::exceeds(rows, of, MOST_DUPLICATES) {
            warnings.push(Self::Duplicates { rows, of });
        }
        warnings.extend(doubts.into_iter().map(|doubt| Self::Identifiers { doubt }));
        if let Some(preview) = &report.preview {
            warnings.extend(preview.would_be_held.clone().map(|reason| Self::WouldBeHeld { reason }));
            if preview.last_run.is_none() && report.members.before == 0 {
                warnings.push(Self::FirstRun { members: report.members.after });
            }
        }
        if report.data_points > MOST_DATA_POINTS {
            warnings.push(Self::DataPoints { points: report.data_points });
        }
        warnings
    }
}
