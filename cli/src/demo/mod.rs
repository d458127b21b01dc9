//! `demo`: exports generated people, delivers them twice, shows and checks the result.
//!
//! The first run has everyone; in the second some have entered, left, moved from one segment to the other or changed. S3's
//! notifications lead the files through the same handler as in the `object-created` function.

mod check;
mod describing;
mod export_writer;
pub(crate) mod files;
mod people;
mod population;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use insights_to_braze::report::Report;
use insights_to_braze::state::ReportKeys;
use serde_json::json;

use self::check::{Checked, profile_of};
use self::describing::EXPORT;
use self::people::{Person, Run, email_only};
use self::population::{Population, Segment};
use self::stage::Stage;
use crate::arguments::Demo;
use crate::ending::{Ending, Failure};
use crate::show;
use crate::standin::braze::{Keep, Profile};
use crate::texts;

/// With more people than this the mock counts objects and keeps no profiles, so that its memory does not grow.
const PROFILES_KEPT_UP_TO: u64 = 200_000;

/// How many profiles the one that is shown is chosen from.
const CANDIDATES: usize = 5;

pub(crate) async fn run(arguments: &Demo) -> Result<Ending, Failure> {
    if arguments.json {
        texts::in_english();
    }
    let folder = empty_folder(arguments.folder.as_deref())?;
    let population = Population { members: arguments.members };
    let keep = if arguments.members > PROFILES_KEPT_UP_TO { Keep::Counts } else { Keep::Profiles };
    let stage = Stage::set_up(&folder, population, keep).await?;
    let first = stage.deliver(Run::First).await?;
    let second = stage.deliver(Run::Second).await?;

    let mut checked = Checked::default();
    checked.reports(population, Run::First, &first);
    checked.reports(population, Run::Second, &second);
    let reports: Vec<Report> = first.into_iter().chain(second).collect();
    checked.objects(&reports, &stage.account.braze);
    let mut profiles = Vec::new();
    if keep == Keep::Profiles {
        checked.profiles(population, &stage.account.braze);
        profiles = three_profiles(population, &stage);
    }
    let places = Places::of(&folder, &stage, &reports);
    if arguments.json {
        let profiles: Vec<&Profile> = profiles.iter().map(|(_, profile)| profile).collect();
        let places = places.0.iter().map(|(what, path)| ((*what).to_owned(), json!(path))).collect();
        show::json(&json!({
            "members": arguments.members,
            "reports": reports,
            "profiles": profiles,
            "places": serde_json::Value::Object(places),
            "checked": checked,
        }))?;
    } else {
        tell(&reports, &profiles, &places, &checked, keep)?;
    }
    Ok(if checked.wrong.is_empty() { Ending::Done } else { Ending::Failed })
}

/// The folder that was named, if it is empty, or a fresh one.
fn empty_folder(named: Option<&Path>) -> Result<PathBuf, Failure> {
    let advice = "Use a writable folder with --folder.";
    let Some(path) = named else {
        let fresh = tempfile::Builder::new().prefix("insights-to-braze-demo-").disable_cleanup(true).tempdir();
        let fresh =
            fresh.map_err(|error| Failure::file("can't create a folder in", &std::env::temp_dir(), error, advice));
        return fresh.map(|folder| folder.path().to_owned());
    };
    let failure = |error| Failure::file("can't use the folder", path, error, advice);
    fs::create_dir_all(path).map_err(failure)?;
    if fs::read_dir(path).map_err(failure)?.next().is_some() {
        return Err(Failure::NotEmpty(path.to_owned()));
    }
    path.canonicalize().map_err(failure)
}

/// Three people in the workspace, each with a description. Those who show most are chosen.
fn three_profiles(population: Population, stage: &Stage) -> Vec<(&'static str, Profile)> {
    type Kind<'k> = (&'static str, &'k dyn Fn(u64) -> bool);
    let in_both = |number| Segment::BOTH.iter().all(|segment| population.is_member(*segment, number, Run::Second));
    let moved = |number| {
        let is = |segment, run| population.is_member(segment, number, run);
        is(Segment::HighValueCustomers, Run::First)
            && is(Segment::ChurnRisk, Run::Second)
            && !is(Segment::HighValueCustomers, Run::Second)
    };
    let kinds: [Kind<'_>; 3] = [
        ("demo-both", &|number| in_both(number) && !email_only(number)),
        ("demo-email-only", &|number| {
            email_only(number) && population.is_member(Segment::ChurnRisk, number, Run::Second)
        }),
        ("demo-moved", &moved),
    ];
    let profile = |number| profile_of(&Person::new(number, Run::Second), &stage.account.braze);
    let shown = kinds.iter().filter_map(|(who, is_one)| {
        let candidates = population.people(Run::First).filter(|number| is_one(*number)).take(CANDIDATES);
        let most = candidates
            .filter_map(profile)
            .max_by_key(|profile| (profile.email.is_some(), profile.standard.len(), profile.custom_attributes.len()));
        Some((*who, most?))
    });
    shown.collect()
}

/// The folders and files, each with its name in JSON.
struct Places(Vec<(&'static str, PathBuf)>);

impl Places {
    fn of(folder: &Path, stage: &Stage, reports: &[Report]) -> Self {
        let bucket = stage.account.bucket_folder();
        let last = reports.last().and_then(|report| Some((report.segment.to_string(), report.run?.to_string())));
        let mut places = vec![
            ("exported_files", folder.join("customer-insights/BlobExport")),
            ("bucket", bucket.clone()),
            ("configuration", bucket.join("config/exports.toml")),
        ];
        if let Some((segment, run)) = last {
            let report = bucket.join("reports").join(EXPORT).join(segment).join(run);
            places.push(("a_report_as_a_page", report.join("report.html")));
            places.push(("a_report", report.join("report.json")));
            places.push(("rejected_rows", report.join("rejected.csv")));
            places.push(("history", bucket.join(ReportKeys::history_page(&EXPORT.into()))));
        }
        Self(places)
    }
}

fn tell(
    reports: &[Report],
    profiles: &[(&str, Profile)],
    places: &Places,
    checked: &Checked,
    keep: Keep,
) -> Result<(), Failure> {
    show::reports(reports);
    if keep == Keep::Counts {
        show::line(format!("\n{}", texts::n("demo-only-counts", PROFILES_KEPT_UP_TO)));
    } else {
        show::heading(texts::t("demo-profiles"));
    }
    for (who, profile) in profiles {
        show::line(format!("{}:", texts::t(who)));
        show::json(profile)?;
    }
    show::heading(texts::t("demo-files"));
    let mut table = show::Table::new(&["what", "where"]);
    for (what, path) in &places.0 {
        table.row(vec![texts::t(&format!("demo-{}", what.replace('_', "-"))), path.display().to_string()]);
    }
    show::line(table);
    show::line("");
    for right in &checked.right {
        show::line(format!("{} {right}", show::good(texts::t("demo-right"))));
    }
    for wrong in &checked.wrong {
        show::line(format!("{} {wrong}", show::bad(texts::t("demo-wrong"))));
    }
    Ok(())
}
