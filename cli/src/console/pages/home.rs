//! The first page: what needs a decision, then every segment.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use insights_to_braze::config::{Config, Schedule};
use insights_to_braze::texts::Argument;
use jiff::{SignedDuration, Timestamp};

use crate::application::Application;
use crate::console::clock::Moment;
use crate::console::decision::Decision;
use crate::console::jobs::Job;
use crate::console::messages::Said;
use crate::console::place::Task;
use crate::console::state::{Known, Shared};
use crate::console::status::{SegmentStatus, Status, outcome_key};
use crate::console::trouble::Trouble;
use crate::console::view::{Frame, level, page};
use crate::console::visit::Visit;
use crate::held::HeldRun;

/// A run that waits for the rest of its files for longer than this is shown.
const LONG_WAIT: SignedDuration = SignedDuration::from_hours(2);
/// The code of a segment that has no complete run yet, which the table says.
const NO_COMPLETE_RUN: &str = "ITB-A04";

/// Something that needs a person.
struct Attention {
    tone: &'static str,
    kind: String,
    name: String,
    said: Said,
    link: String,
    action: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    f: Frame,
    attention: Vec<Attention>,
    segments: Vec<Line>,
    running: Vec<Arc<Job>>,
    /// Where files are fetched from, and what was last heard of it.
    sources: Vec<(String, Said)>,
    has_connection: bool,
    has_export: bool,
    landed: usize,
    host: Option<String>,
}

/// A line of the table of segments.
pub(crate) struct Line {
    pub(crate) status: SegmentStatus,
    pub(crate) link: String,
    pub(crate) outcome: String,
    pub(crate) entered: Option<u64>,
    pub(crate) left: Option<u64>,
    /// When it is delivered the next time.
    pub(crate) next: String,
}

impl Line {
    pub(crate) fn new(frame: &Frame, config: &Config, status: SegmentStatus) -> Self {
        let link = frame.url(format!("/segments/{}/{}", level(&status.export), level(&status.segment)));
        let change = status.change();
        Self {
            link,
            outcome: frame.t(outcome_key(&status.outcome)),
            entered: change.map(|(entered, _)| entered),
            left: change.map(|(_, left)| left),
            next: next(frame, config, &status),
            status,
        }
    }
}

/// When a segment is delivered the next time: what the settings say, or the time by which it usually is.
fn next(frame: &Frame, config: &Config, status: &SegmentStatus) -> String {
    let Some(export) = config.exports.get(status.export.as_str()) else { return "–".to_owned() };
    if status.outcome == "held" {
        return frame.t("next-decision");
    }
    if frame.badge.kind != "stack" {
        return frame.t("next-by-hand");
    }
    match (&status.expected_at, export.schedule == Schedule::Active, export.on_upload) {
        (_, false, false) => frame.t("next-paused"),
        (Some(expected), ..) if *expected > Timestamp::now() => frame.w("next-about", Moment::of(*expected).shown),
        (_, true, _) => frame.t("next-scheduled"),
        (_, false, true) => frame.t("next-upload"),
    }
}

pub(crate) async fn home(State(console): State<Shared>, visit: Visit) -> Result<Response, Trouble> {
    let known = console.known().await?;
    let frame = Frame::new(&console, &visit, "home").with_command(console.place.command("status", None));
    let (status, postponed) = if known.config().exports.is_empty() {
        Default::default()
    } else {
        let application = console.place.open(&known.file, &Task::Look).await?;
        let status = Status::of(&application, known.config(), None).await?;
        let postponed = postponed(&application, &status.held).await?;
        (status, postponed)
    };
    let attention = attention(&console, &frame, &known, &status, &postponed);
    let landed = console.place.landed().await.map(|landed| landed.len()).unwrap_or_default();
    page(&Home {
        attention,
        segments: status.segments.into_iter().map(|segment| Line::new(&frame, known.config(), segment)).collect(),
        running: console.jobs.running(),
        sources: status.sources.into_iter().map(|[name, text, code]| (name, frame.said(&text, &code))).collect(),
        has_connection: !known.config().connections.is_empty(),
        has_export: !known.config().exports.is_empty(),
        landed,
        host: console.place.demo().map(crate::console::demo::Demo::host),
        f: frame,
    })
}

/// Until when the decision about each held run is put off.
async fn postponed(application: &Application, held: &[HeldRun]) -> Result<Vec<Option<Timestamp>>, Trouble> {
    let mut postponed = Vec::new();
    for held in held {
        let decision = Decision::of_held(application, held).await?;
        postponed.push(decision.and_then(|decision| decision.postponed_until()));
    }
    Ok(postponed)
}

fn attention(
    console: &Shared,
    frame: &Frame,
    known: &Known,
    status: &Status,
    postponed: &[Option<Timestamp>],
) -> Vec<Attention> {
    let mut all = Vec::new();
    for (held, postponed) in status.held.iter().zip(postponed) {
        let link = format!("/holds/{}/{}/{}", level(&held.export), level(&held.segment), held.run);
        let said = if held.is_of_leavers() {
            let numbers = [("n", Argument::Number(held.number())), ("before", Argument::Number(held.before))];
            Said { lines: vec![frame.texts().with("attention-held-text", &numbers)], ..Said::default() }
        } else {
            let said = frame.said(&held.reason, &held.code);
            Said { lines: vec![said.first()], ..said }
        };
        all.push(Attention {
            tone: if postponed.is_some() { "neutral" } else { "warning" },
            kind: match postponed {
                Some(until) => frame.w("attention-postponed", Moment::of(*until).shown),
                None => frame.t("outcome-held"),
            },
            name: held.segment.clone(),
            said,
            link: frame.url(&link),
            action: frame.t("attention-held-action"),
        });
    }
    for failed in &status.failed {
        all.push(Attention {
            tone: "bad",
            kind: frame.t("outcome-failed"),
            name: failed.segment.clone(),
            said: frame.said(&failed.message, &failed.code),
            link: frame.url(format!("/exports/{}", level(&failed.export))),
            action: frame.t("attention-failed-action"),
        });
    }
    all.extend(status.segments.iter().filter_map(|segment| of_segment(frame, segment)));
    all.extend(of_connections(console, frame, known, status));
    for (connection, attribute, people) in &status.unfed {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("connection", connection)
            .append_pair("attribute", attribute)
            .finish();
        all.push(Attention {
            tone: "open",
            kind: frame.t("attention-unfed"),
            name: attribute.clone(),
            said: Said { lines: vec![frame.n("attention-unfed-text", people)], ..Said::default() },
            link: frame.url(format!("/retire?{query}")),
            action: frame.t("attention-unfed-action"),
        });
    }
    // What was put off comes last.
    all.sort_by_key(|one| one.tone == "neutral");
    all
}

/// What else is to be said about a segment: that it waits for long, or what its status says.
fn of_segment(frame: &Frame, segment: &SegmentStatus) -> Option<Attention> {
    let is_long = |since: &Timestamp| Timestamp::now().duration_since(*since) > LONG_WAIT;
    let waiting = segment.waiting_since.filter(is_long).map(|since| Said {
        lines: vec![frame.w("attention-waiting-text", Moment::of(since).shown)],
        ..Said::default()
    });
    let has_message = !segment.message.is_empty() && segment.code != NO_COMPLETE_RUN;
    let said = waiting.or_else(|| has_message.then(|| frame.said(&segment.message, &segment.code)))?;
    Some(Attention {
        tone: "open",
        kind: frame.t("attention-look"),
        name: segment.segment.clone(),
        said,
        link: frame.url(format!("/segments/{}/{}", level(&segment.export), level(&segment.segment))),
        action: frame.t("attention-look-action"),
    })
}

/// Connections that an export uses and that can't be used.
fn of_connections(console: &Shared, frame: &Frame, known: &Known, status: &Status) -> Vec<Attention> {
    let mut all = Vec::new();
    let used: BTreeSet<_> = known.config().exports.values().map(|export| export.connection.name.as_str()).collect();
    for (name, connection) in &known.config().connections {
        let name = name.as_str();
        let mut add = |kind: &str, text: &str| {
            all.push(Attention {
                tone: "open",
                kind: frame.t(kind),
                name: connection.display_name.clone(),
                said: Said::own(frame.texts(), text),
                link: frame.url(format!("/connections/{}", level(name))),
                action: frame.t("attention-connection-action"),
            });
        };
        if used.contains(name) && !connection.agree_to_data_transfer {
            add("attention-consent", "attention-consent-text");
        }
        if used.contains(name) && !console.place.has_key(name) {
            add("attention-key", "attention-key-text");
        }
        let is_of_this = |segment: &&SegmentStatus| {
            let export = known.config().exports.get(segment.export.as_str());
            export.is_some_and(|export| export.connection.name.as_str() == name)
        };
        let was_used = status.segments.iter().filter(is_of_this).any(|segment| !segment.outcome.is_empty());
        match console.tested(name) {
            Some(tested) if !tested.works => add("attention-test", "attention-test-text"),
            None if used.contains(name) && console.place.has_key(name) && !was_used => {
                add("attention-untested", "attention-untested-text");
            }
            _ => {}
        }
    }
    all
}
