//! `fetch`: copies new files from sources into the bucket.

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::application::Application;
use crate::arguments::{Fetch, Place};
use crate::ending::{Ending, Failure};
use crate::show::{self, Table, elements, text};
use crate::workspace::WorkspaceFolder;
use crate::{api_key, interrupt, texts};

pub(crate) async fn run(arguments: &Fetch) -> Result<Ending, Failure> {
    interrupt::listen();
    let application = open(&arguments.place).await?;
    let request = json!({ "action": "fetch", "source": arguments.source, "dry_run": arguments.dry_run });
    let answer = application.on_demand(&request).await?;
    if arguments.json {
        show::json(&answer)?;
    } else {
        tell(&answer, &application);
    }
    let failed = elements(&answer["sources"]).any(|source| source["outcome"] == "failed");
    Ok(if failed { Ending::Failed } else { Ending::Done })
}

/// A deployed stack, whose secrets are read by its function or with the user's credentials; or the workspace, with a SAS from the user.
async fn open(place: &Place) -> Result<Application, Failure> {
    if let Some(application) = Application::deployed(&place.source.stack).await? {
        return Ok(application);
    }
    let config = place.source.read()?;
    let sas = if config.config.sources.is_empty() { SecretString::default() } else { api_key::read_sas()? };
    Application::of_workspace_with(WorkspaceFolder::take(&place.workspace)?, &config, None, Some(sas)).await
}

fn tell(answer: &Value, application: &Application) {
    let mut table = Table::new(&["source", "outcome", ">files", ">copied", ">unchanged", ">bytes", "SAS ends"]);
    for source in elements(&answer["sources"]) {
        let count = |name: &str| show::count(source["files"][name].as_u64().unwrap_or_default());
        table.row(vec![
            text(&source["source"]),
            outcome(&text(&source["outcome"])),
            count("listed"),
            count("fetched"),
            count("unchanged"),
            show::count(source["bytes"].as_u64().unwrap_or_default()),
            text(&source["expires_at"]),
        ]);
    }
    show::line(table);
    for source in elements(&answer["sources"]) {
        show::line(format!("{}: {}", text(&source["source"]), show::message(&text(&source["message"]))));
        for gone in elements(&source["gone"]) {
            show::line(format!("  {}", texts::w("fetch-gone", "file", &text(gone))));
        }
    }
    if let Some(message) = answer["message"].as_str() {
        show::line(show::message(message));
    }
    if elements(&answer["sources"]).any(|source| source["files"]["fetched"].as_u64() > Some(0)) {
        show::line(texts::w("fetch-files", "location", &application.location("incoming/")));
    }
}

fn outcome(outcome: &str) -> String {
    let name = texts::outcome(outcome);
    match outcome {
        "failed" => show::bad(name),
        "unfinished" => show::caution(name),
        _ => show::good(name),
    }
}
