//! `doctor`: one line for each thing that has to be right before a delivery.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aws_smithy_types::date_time::{DateTime, Format};
use insights_to_braze::braze;
use insights_to_braze::config::Config;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api_key;
use crate::application::Application;
use crate::arguments::Doctor;
use crate::ending::{Ending, Failure};
use crate::show::{self, elements};
use crate::texts::{self, Number};
use crate::workspace::WorkspaceFolder;

/// How far the clock may be off. Signatures of AWS fail from 15 minutes on; the age of a run counts in minutes.
const CLOCK: Duration = Duration::from_mins(2);

/// A check, and how it ended.
#[derive(Debug, Serialize)]
struct Check {
    what: String,
    #[serde(flatten)]
    result: CheckResult,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "message")]
enum CheckResult {
    Good(String),
    Bad(String),
    /// It could not be checked.
    Skipped(String),
}

pub(crate) async fn run(arguments: &Doctor) -> Result<Ending, Failure> {
    if arguments.json {
        texts::in_english();
    }
    let (application, configured, has_key) = open(arguments).await?;
    let mut checks =
        vec![Check { what: texts::t("doctor-configuration"), result: CheckResult::Good(configured.valid()) }];
    for Connection { name, host, has_consent } in &configured.connections {
        if let Some(host) = host {
            checks.push(Check { what: texts::w("doctor-clock", "name", name), result: clock(host).await });
        }
        let key = if has_key {
            // Consent has a line of its own.
            connect(&application, "connection", name, Some(&texts::t("doctor-connected"))).await?
        } else {
            CheckResult::Skipped(texts::t("doctor-no-key"))
        };
        checks.push(Check { what: texts::w("doctor-connection", "name", name), result: key });
        let consent = if *has_consent {
            CheckResult::Good(texts::t("doctor-consent"))
        } else {
            CheckResult::Bad(texts::t("doctor-no-consent"))
        };
        checks.push(Check { what: texts::w("doctor-consent-of", "name", name), result: consent });
    }
    for name in configured.exports.iter().filter(|name| arguments.export.as_ref().is_none_or(|only| only == *name)) {
        let result = if arguments.files.is_some() || !application.is_workspace() {
            columns(&application, name).await?
        } else {
            CheckResult::Skipped(texts::t("doctor-no-files"))
        };
        checks.push(Check { what: texts::w("doctor-columns-of", "name", name), result });
    }
    for name in &configured.sources {
        // The folder of this machine has no secret of a source.
        let result = if application.is_workspace() {
            CheckResult::Skipped(texts::t("doctor-no-secret"))
        } else {
            connect(&application, "source", name, None).await?
        };
        checks.push(Check { what: texts::w("doctor-source", "name", name), result });
    }
    if arguments.json {
        show::json(&checks)?;
    } else {
        checks.iter().for_each(tell);
    }
    let bad = checks.iter().any(|check| matches!(check.result, CheckResult::Bad(_)));
    Ok(if bad { Ending::Failed } else { Ending::Done })
}

/// What there is to check.
struct Configured {
    connections: Vec<Connection>,
    exports: Vec<String>,
    sources: Vec<String>,
}

struct Connection {
    name: String,
    /// An address of its host. A function does not say it.
    host: Option<String>,
    has_consent: bool,
}

impl Configured {
    fn of(config: &Config) -> Self {
        let connections = config.connections.iter().map(|(name, connection)| Connection {
            name: name.to_string(),
            host: Some(connection.hostname.url("/")),
            has_consent: connection.agree_to_data_transfer,
        });
        Self {
            connections: connections.collect(),
            exports: config.exports.keys().map(ToString::to_string).collect(),
            sources: config.sources.keys().map(ToString::to_string).collect(),
        }
    }

    /// What a function's answer to `status` says of it: the connections that an export uses.
    fn of_status(status: &Value) -> Self {
        let connections: BTreeMap<String, bool> = elements(&status["exports"])
            .map(|export| (show::text(&export["connection"]), export["agree_to_data_transfer"] == true))
            .collect();
        let names = |list: &str, name: &str| elements(&status[list]).map(|one| show::text(&one[name])).collect();
        Self {
            connections: connections
                .into_iter()
                .map(|(name, has_consent)| Connection { name, host: None, has_consent })
                .collect(),
            exports: names("exports", "export"),
            sources: names("sources", "source"),
        }
    }

    fn valid(&self) -> String {
        let numbers = [("connections", self.connections.len()), ("exports", self.exports.len())];
        texts::with("doctor-valid", &numbers.map(|(name, number)| (name, Number(number as u64))))
    }
}

/// The application of a stack, or on a folder for the occasion; what there is to check; and whether it has a key.
async fn open(arguments: &Doctor) -> Result<(Application, Configured, bool), Failure> {
    let Doctor { source, files, export, .. } = arguments;
    if let Some(application) = Application::deployed(&source.stack).await? {
        // The handler says what is wrong with its configuration.
        let status = application.on_demand(&json!({ "action": "status", "export": export })).await?;
        if application.is_function() {
            return Ok((application, Configured::of_status(&status), true));
        }
        let Some(config) = application.config().await? else {
            let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(Failure::file(
                "can't read",
                Path::new(&source.stack.config_key),
                gone,
                "Run the command again.",
            ));
        };
        return Ok((application, Configured::of(&config), true));
    }
    let config = source.read()?;
    let named = export.as_deref().map(|export| config.export(export)).transpose()?;
    let temporary = tempfile::TempDir::with_prefix("insights-to-braze-doctor-").map_err(|source| {
        let advice = "Set TMPDIR to a writable folder.";
        Failure::file("can't create a temporary folder in", &std::env::temp_dir(), source, advice)
    })?;
    let folder = WorkspaceFolder::take(temporary.path())?;
    if let (Some(export), Some(files)) = (named, files) {
        folder.show(files, export)?;
    }
    let key = api_key::in_environment()?;
    let has_key = key.is_some();
    let application = Application::of_workspace(folder, &config, key).await?;
    Ok((application.keeping(temporary), Configured::of(&config.config), has_key))
}

/// `connect` for a connection or a source. What is good is said by `good`, or by the answer itself.
async fn connect(
    application: &Application,
    kind: &str,
    name: &str,
    good: Option<&str>,
) -> Result<CheckResult, Failure> {
    let answer = application.on_demand(&json!({ "action": "connect", kind: name })).await?;
    let message = show::message(answer["message"].as_str().unwrap_or_default());
    Ok(if answer["outcome"] == "connected" {
        CheckResult::Good(good.map_or(message, str::to_owned))
    } else {
        CheckResult::Bad(message)
    })
}

async fn columns(application: &Application, export: &str) -> Result<CheckResult, Failure> {
    let answer = application.on_demand(&json!({ "action": "inspect", "export": export })).await?;
    let problem =
        elements(&answer["files"]).chain(elements(&answer["models"])).find_map(|file| file["problem"].as_str());
    let files = elements(&answer["files"]).count();
    Ok(match problem {
        Some(problem) => CheckResult::Bad(show::message(problem)),
        None if files == 0 => CheckResult::Bad(show::message(answer["message"].as_str().unwrap_or_default())),
        None => CheckResult::Good(texts::t("doctor-fit")),
    })
}

/// Compares this machine's clock with the time in an answer of the host.
async fn clock(url: &str) -> CheckResult {
    let Ok(client) = braze::http_client() else { return CheckResult::Skipped(texts::t("doctor-no-time")) };
    let answer = client.head(url).send().await;
    let date = answer.ok().and_then(|answer| Some(answer.headers().get("date")?.to_str().ok()?.to_owned()));
    let time = date.and_then(|date| DateTime::from_str(&date, Format::HttpDate).ok());
    match time {
        None => CheckResult::Skipped(texts::t("doctor-no-time")),
        Some(time) => judge(time.secs() - Timestamp::now().as_second()),
    }
}

fn judge(seconds_behind: i64) -> CheckResult {
    if seconds_behind.unsigned_abs() > CLOCK.as_secs() {
        CheckResult::Bad(texts::n("doctor-off", seconds_behind.unsigned_abs()))
    } else {
        CheckResult::Good(texts::t("doctor-on-time"))
    }
}

fn tell(check: &Check) {
    let (mark, message) = match &check.result {
        CheckResult::Good(message) => (show::good("✓"), message),
        CheckResult::Bad(message) => (show::bad("✗"), message),
        CheckResult::Skipped(message) => (show::caution("–"), message),
    };
    show::line(format!("{mark} {}: {}", check.what, message.replace('\n', " ")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_by_minutes_is_bad() {
        assert!(matches!(judge(60), CheckResult::Good(_)));
        assert!(matches!(judge(-121), CheckResult::Bad(_)));
    }
}
