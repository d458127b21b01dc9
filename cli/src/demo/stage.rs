//! The stage of the demonstration: a bucket, a secret, a workspace, and the handler that AWS Lambda would run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::future::try_join_all;
use insights_to_braze::braze;
use insights_to_braze::bucket::Bucket;
use insights_to_braze::budget::TimeBudget;
use insights_to_braze::environment::{DEFAULT_CONFIG_KEY, StartError};
use insights_to_braze::handler::Handler;
use insights_to_braze::report::{Outcome, Report};
use insights_to_braze::secrets::ApiKeys;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::json;

use super::describing::{FOLDER, SECRET, exports_toml, model_json};
use super::export_writer::{WrittenFile, write_run};
use super::people::Run;
use super::population::{Population, Segment};
use crate::clients;
use crate::ending::Failure;
use crate::show::{Progress, said};
use crate::standin::braze::{BrazeSettings, Keep};
use crate::standin::s3::ObjectCreated;
use crate::standin::{Account, AccountSettings, BUCKET};
use crate::texts;

/// The longest time that AWS Lambda gives an invocation.
const INVOCATION: Duration = Duration::from_mins(15);
/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);
/// The key of the mock server, which is valid nowhere else.
const API_KEY: &str = "demo-key-of-the-stand-in";

/// Everything that runs, and its folders.
pub(super) struct Stage {
    population: Population,
    pub(super) account: Account,
    handler: Handler,
    /// Where Customer Insights would write.
    export_folder: PathBuf,
    times: [DateTime; 2],
}

impl Stage {
    /// Starts everything in `folder`.
    pub(super) async fn set_up(folder: &Path, population: Population, keep: Keep) -> Result<Self, Failure> {
        let mut settings = AccountSettings::with_key(API_KEY);
        settings.folder = Some(folder.join("s3"));
        settings.braze = BrazeSettings { keep, ..settings.braze };
        settings.notify_of_uploads = false;
        fs::create_dir_all(folder.join("s3")).map_err(|error| unwritable(folder, error))?;
        let account = Account::start(settings).await.map_err(Failure::Server)?;
        account.set_secret(SECRET, json!({"api_key": API_KEY}).to_string());
        account
            .put_object(DEFAULT_CONFIG_KEY, exports_toml(&account.braze.url()))
            .map_err(|error| unwritable(folder, error))?;
        let handler = Handler::new(
            Bucket::new(clients::s3(account.s3.url()), BUCKET.to_owned()),
            DEFAULT_CONFIG_KEY.to_owned(),
            ApiKeys::new(clients::secrets_manager(account.secrets.url())),
            None,
            braze::http_client().map_err(StartError::from)?,
        );
        Ok(Self {
            population,
            account,
            handler: handler.without_report_lines(),
            export_folder: folder.join("customer-insights/BlobExport"),
            times: run_times(Timestamp::now()),
        })
    }

    /// Writes the export of a run, drops its files into the bucket and delivers each as its notification comes. Gives the
    /// last report of each segment.
    pub(super) async fn deliver(&self, run: Run) -> Result<Vec<Report>, Failure> {
        let (name, time) = match run {
            Run::First => (texts::t("demo-first-run"), self.times[0]),
            Run::Second => (texts::t("demo-second-run"), self.times[1]),
        };
        let files = write_run(&self.export_folder, self.population, run, time)
            .map_err(|error| unwritable(&self.export_folder, error))?;
        let (notifications, model) = self.drop_into_bucket(&files)?;
        let progress = Progress::of(name, files.iter().map(|file| file.rows).sum());
        let delivering = async {
            let segments = Segment::BOTH.map(|segment| {
                let of_segment = notifications.iter().filter(move |(of, _)| *of == segment);
                self.deliver_segment(of_segment.map(|(_, notification)| notification), &progress)
            });
            let reports = try_join_all(segments).await?;
            // It was there before the files were read; its own notification finds nothing left to do.
            self.invoke(&model).await?;
            Ok::<_, Failure>(reports.into_iter().flatten().collect::<Vec<_>>())
        };
        let accepted_before = self.account.braze.counters().objects_accepted;
        let mut delivering = std::pin::pin!(delivering);
        let reports = loop {
            tokio::select! {
                reports = &mut delivering => break reports?,
                () = tokio::time::sleep(TICK) => {
                    progress.reached(self.account.braze.counters().objects_accepted - accepted_before, "");
                }
            }
        };
        progress.finish(reports.iter().map(|report| report.rows.read).sum());
        Ok(reports)
    }

    /// Uploads the files and their `model.json`, and returns S3's notifications.
    fn drop_into_bucket(
        &self,
        files: &[WrittenFile],
    ) -> Result<(Vec<(Segment, ObjectCreated)>, ObjectCreated), Failure> {
        let mut uploads = self.account.s3.watch(BUCKET, "incoming/");
        let model_path = self.export_folder.join("model.json");
        let model = model_json(files, Timestamp::now());
        fs::write(&model_path, &model).map_err(|error| unwritable(&model_path, error))?;
        let mut notification = |key: &str| {
            // The server sends the notification before it answers the upload.
            uploads.try_recv().map_err(|error| Failure::Server(std::io::Error::other(format!("{key}: {error}"))))
        };
        let mut notifications = Vec::new();
        for file in files {
            let (path, key) = (self.export_folder.join(&file.path), format!("{FOLDER}/{}", file.path));
            self.account.put_file(&key, &path).map_err(|error| unwritable(&path, error))?;
            notifications.push((file.segment, notification(&key)?));
        }
        let key = format!("{FOLDER}/model.json");
        self.account.put_object(&key, model).map_err(|error| unwritable(&model_path, error))?;
        Ok((notifications, notification(&key)?))
    }

    /// Delivers the files of one segment, one notification after the other.
    async fn deliver_segment(
        &self,
        notifications: impl Iterator<Item = &ObjectCreated>,
        progress: &Progress,
    ) -> Result<Option<Report>, Failure> {
        let mut last = None;
        for notification in notifications {
            for report in self.invoke(notification).await? {
                let file = notification.key.rsplit('/').next().unwrap_or_default();
                let outcome = match report.outcome {
                    Outcome::Delivered | Outcome::DeliveredWithProblems => texts::t("demo-complete"),
                    Outcome::Waiting => texts::t("demo-waiting"),
                    _ => said(&report.message, &report.code),
                };
                let rows = texts::n("demo-rows", report.rows.read);
                progress.step(&format!("{file}: {rows}, {outcome}"));
                last = Some(report);
            }
        }
        Ok(last)
    }

    /// Does what the `object-created` function does with a notification.
    async fn invoke(&self, notification: &ObjectCreated) -> Result<Vec<Report>, Failure> {
        let event = ObjectCreated::to_s3_event(std::slice::from_ref(notification));
        let mut answer = self.handler.object_created(&event, TimeBudget::ending_in(INVOCATION)).await?;
        Ok(serde_json::from_value(answer["reports"].take())?)
    }
}

/// One minute past one, yesterday and today: a nightly export.
fn run_times(now: Timestamp) -> [DateTime; 2] {
    let today = jiff::tz::TimeZone::UTC.to_datetime(now).date();
    let yesterday = today.yesterday().unwrap_or(today);
    [yesterday.at(1, 2, 0, 0), today.at(1, 2, 0, 0)]
}

fn unwritable(path: &Path, error: std::io::Error) -> Failure {
    Failure::file(
        "can't write",
        path,
        error,
        "Use a writable folder with --folder, and check whether the disk is full.",
    )
}
