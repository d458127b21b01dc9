//! The text of a message: for each cause what happened, what is safe, one command and one link.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::cause::{Cause, Kind};
use crate::message::{count, counted};
use crate::names::ExportName;
use crate::pattern::RunId;
use crate::report::{Outcome, RunSummary};
use crate::state::{Attention, Feeder, ReportKeys};
use crate::topic::Notice;

/// Most causes that are described.
const DESCRIBED: usize = 20;

/// Most segments of one cause, and most deliveries, that are named.
const NAMED: usize = 20;

/// What stays as it is in a link.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where messages lead.
#[derive(Clone, Debug)]
pub struct Links {
    /// The stack.
    pub stack: String,
    /// The bucket.
    pub bucket: String,
    /// The domain of the AWS Management Console, below which each region has a host.
    pub console: String,
    /// The region of the bucket.
    pub region: String,
}

/// The contents of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    pub(super) lasting: Vec<Lasting>,
    /// What is gone, with the time since when it lasted.
    pub(super) gone: Vec<(Cause, Timestamp)>,
    /// How much lasts that was reported within the last day.
    pub(super) reported_before: usize,
    /// What was delivered since the last message about deliveries.
    pub(super) delivered: Vec<Delivered>,
    /// What was delivered since the last digest, if one is due.
    pub(super) digest: Option<Vec<Delivered>>,
}

/// A delivered run.
#[derive(Clone, Debug)]
pub(super) struct Delivered {
    pub(super) feeder: Feeder,
    pub(super) run: RunSummary,
}

/// A cause that lasts.
#[derive(Clone, Debug)]
pub(super) struct Lasting {
    pub(super) cause: Cause,
    since: Timestamp,
    reason: String,
    run: Option<RunId>,
}

impl Lasting {
    pub(super) fn new(cause: Cause, since: Timestamp, attention: &Attention, now: Timestamp) -> Self {
        let reason = match cause.kind {
            Kind::Failing => attention.failing.clone().unwrap_or_default(),
            Kind::Held => attention.held.clone().unwrap_or_default(),
            Kind::Superseded => format!(
                "the last {} are older than the newest run known, so nothing of them was sent",
                counted(attention.superseded.unwrap_or_default(), "run", "runs")
            ),
            Kind::Overdue => attention.overdue.map_or_else(String::new, |overdue| {
                let (since, usual) = (time(overdue.since), overdue.interval());
                format!("not delivered since {since}: the usual interval is {usual}")
            }),
            Kind::Waiting => {
                let hours = attention.waiting_since.map_or(0, |since| now.duration_since(since).as_hours());
                format!(
                    "it has waited for {} for the rest of its files",
                    counted(hours.unsigned_abs(), "hour", "hours")
                )
            }
        };
        Self { cause, since, reason, run: attention.run }
    }
}

impl Kind {
    /// Number of segments in the subject, and the heading.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Failing => ("not delivered", "Not delivered"),
            Self::Held => ("held", "Held for a decision"),
            Self::Superseded => ("superseded again and again", "Superseded again and again"),
            Self::Overdue => ("overdue", "Overdue"),
            Self::Waiting => ("waiting", "Waiting for the rest"),
        }
    }

    fn safe(self) -> &'static str {
        match self {
            Self::Failing => {
                "Nothing is lost, and no one was set to false. Every scheduled invocation tries again. Urgent only if a campaign \
                 needs the segment before that."
            }
            Self::Held => {
                "No one was set to false, and the last complete run stays as it is. It can wait until morning."
            }
            Self::Superseded | Self::Overdue => "No one was changed. It can wait until morning.",
            Self::Waiting => "What arrived is delivered, and no one was set to false. It can wait until morning.",
        }
    }

    /// The section of `docs/on-call.md`.
    fn section(self) -> &'static str {
        match self {
            Self::Failing => "faileddeliveriesalarm",
            Self::Held => "heldrunsalarm",
            Self::Superseded => "supersededrunsalarm",
            Self::Overdue => "overduesegmentsalarm",
            Self::Waiting => "waitingrunsalarm",
        }
    }
}

impl Links {
    fn object(&self, key: &str) -> String {
        let Self { bucket, console, region, .. } = self;
        format!(
            "https://{region}.{console}/s3/object/{bucket}?region={region}&prefix={}",
            utf8_percent_encode(key, PLAIN)
        )
    }

    fn command(&self, kind: Kind, export: &ExportName) -> String {
        let export = export.as_str().replace('\'', r"'\''");
        match kind {
            Kind::Held => format!("itb hold list '{export}' --bucket {}", self.bucket),
            _ => format!("itb status --export '{export}' --bucket {}", self.bucket),
        }
    }
}

impl News {
    /// The message; `None` if there is nothing to report.
    pub(super) fn notice(&self, links: &Links, now: Timestamp) -> Option<Notice> {
        let nothing = self.lasting.is_empty() && self.gone.is_empty() && self.delivered.is_empty();
        if nothing && self.digest.is_none() {
            return None;
        }
        let mut text = format!("Stack {}, {}\n", links.stack, time(now));
        self.write_lasting(&mut text, links);
        if !self.gone.is_empty() {
            text.push_str("\nSolved\n");
            for (Cause { kind, export, segment }, since) in self.gone.iter().take(NAMED) {
                let _ = writeln!(text, "- {export} / {segment}: no longer {} (since {})", kind.names().0, time(*since));
            }
            more(&mut text, self.gone.len());
        }
        if self.reported_before > 0 {
            let lasting = counted(self.reported_before as u64, "problem", "problems");
            let _ = writeln!(text, "\n{lasting} reported within the last day: still there.");
        }
        match &self.digest {
            Some(delivered) => write_delivered(&mut text, "Delivered since the last digest", delivered),
            None if !self.delivered.is_empty() => write_delivered(&mut text, "Delivered", &self.delivered),
            None => {}
        }
        Some(Notice { subject: format!("{}: {}", links.stack, self.subject()), text })
    }

    /// ASCII alone: the names of segments are in the text.
    fn subject(&self) -> String {
        let mut segments: BTreeMap<Kind, u64> = BTreeMap::new();
        for lasting in &self.lasting {
            *segments.entry(lasting.cause.kind).or_default() += 1;
        }
        let mut parts: Vec<String> = segments
            .into_iter()
            .map(|(kind, number)| format!("{} {}", counted(number, "segment", "segments"), kind.names().0))
            .collect();
        if !self.gone.is_empty() {
            parts.push(format!("{} solved", counted(self.gone.len() as u64, "problem", "problems")));
        }
        if self.digest.is_some() {
            parts.push("daily digest".to_owned());
        } else if !self.delivered.is_empty() {
            parts.push(format!("{} delivered", counted(self.delivered.len() as u64, "run", "runs")));
        }
        parts.join(", ")
    }

    /// Segments of an export that have the same cause are reported together.
    fn write_lasting(&self, text: &mut String, links: &Links) {
        let mut causes: Vec<(&Lasting, Vec<&Lasting>)> = Vec::new();
        for lasting in &self.lasting {
            let is_same = |(first, _): &&mut (&Lasting, Vec<&Lasting>)| {
                (first.cause.kind, &first.cause.export, &first.reason)
                    == (lasting.cause.kind, &lasting.cause.export, &lasting.reason)
            };
            match causes.iter_mut().find(is_same) {
                Some((_, same)) => same.push(lasting),
                None => causes.push((lasting, vec![lasting])),
            }
        }
        for (first, same) in causes.iter().take(DESCRIBED) {
            first.describe(same, text, links);
        }
        if let Some(further) = causes.len().checked_sub(DESCRIBED).filter(|further| *further > 0) {
            let _ = writeln!(text, "\nAnd {} more: itb status --bucket {}", count(further as u64), links.bucket);
        }
    }
}

impl Lasting {
    fn describe(&self, same: &[&Self], text: &mut String, links: &Links) {
        let Cause { kind, export, .. } = &self.cause;
        let reports = |lasting: &Self| ReportKeys::new(export, &lasting.cause.segment);
        let page = match (same, self.run, kind) {
            ([alone], Some(run), Kind::Failing | Kind::Held) => reports(alone).report(run, "report.html"),
            _ => ReportKeys::history_page(export),
        };
        let segments: Vec<&str> = same.iter().take(NAMED).map(|lasting| lasting.cause.segment.as_str()).collect();
        let further = same.len().checked_sub(NAMED).filter(|further| *further > 0);
        let further = further.map(|further| format!(" and {} more", count(further as u64))).unwrap_or_default();
        let run = match (same, self.run) {
            ([_], Some(run)) => format!(", run {run}"),
            _ => String::new(),
        };
        let _ = write!(
            text,
            "\n{}: {export} / {}{further}{run}\nSince: {}\nReason: {}\nSafe: {}\nLook at it: {}\nPage: {}\nWhat to do: docs/on-call.md#{}\n",
            kind.names().1,
            segments.join(", "),
            time(self.since),
            self.reason,
            kind.safe(),
            links.command(*kind, export),
            links.object(&page),
            kind.section(),
        );
    }
}

fn write_delivered(text: &mut String, title: &str, delivered: &[Delivered]) {
    let _ = writeln!(text, "\n{title}: {}", counted(delivered.len() as u64, "run", "runs"));
    for Delivered { feeder: Feeder { export, segment }, run } in delivered.iter().rev().take(NAMED) {
        let problems = if run.outcome == Outcome::DeliveredWithProblems { ", with problems" } else { "" };
        let members = &run.members;
        let _ = writeln!(
            text,
            "- {export} / {segment}, run {}: {} ({} entered, {} left){problems}, {}",
            run.run,
            counted(members.after, "member", "members"),
            count(members.entered),
            count(members.left),
            time(run.finished_at),
        );
    }
    more(text, delivered.len());
}

fn more(text: &mut String, all: usize) {
    if let Some(further) = all.checked_sub(NAMED).filter(|further| *further > 0) {
        let _ = writeln!(text, "- and {} more", count(further as u64));
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
