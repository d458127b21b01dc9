//! `connect`: tests a connection or a source.

use insights_to_braze::secrets::ApiKey;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::application::Application;
use crate::arguments::Connect;
use crate::ending::{Ending, Failure};
use crate::texts::{self, Number, Word};
use crate::workspace::{ConfigFile, WorkspaceFolder};
use crate::{api_key, show};

pub(crate) async fn run(arguments: &Connect) -> Result<Ending, Failure> {
    let request = match (arguments.connection(), &arguments.from) {
        (_, Some(source)) => json!({"action": "connect", "source": source}),
        (connection, None) => json!({"action": "connect", "connection": connection}),
    };
    let answer = match Application::deployed(&arguments.source.stack).await? {
        Some(application) => application.on_demand(&request).await?,
        None => of_file(arguments, &request).await?,
    };
    let connected = answer["outcome"] == "connected";
    if arguments.json {
        show::json(&answer)?;
    } else {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let outcome = texts::outcome(&text("outcome"));
        let outcome = if connected { show::good(outcome) } else { show::bad(outcome) };
        let (name, place) = if arguments.from.is_some() { ("source", "place") } else { ("display_name", "hostname") };
        show::line(format!("{} ({}): {outcome}", text(name), text(place)));
        show::line(show::said(&text("message"), &text("code")));
        for (permission, readable) in
            answer["reading"].as_object().into_iter().flatten().filter(|(_, is)| is.is_boolean())
        {
            let may = if *readable == true { show::good(texts::t("yes")) } else { show::caution(texts::t("no")) };
            let words = [("permission", Word(permission)), ("may", Word(&may))];
            show::line(texts::with("connect-permission", &words));
        }
        for doubt in ["contradictions", "doubts"].iter().flat_map(|kind| show::elements(&answer["reading"][kind])) {
            show::line(format!("{} {}", show::caution("!"), show::message(&show::text(doubt))));
        }
        if let Some(days) = answer["days_left"].as_u64() {
            show::line(texts::with("sas-ends", &[("at", Word(&text("expires_at"))), ("n", Number(days))]));
        }
    }
    Ok(if connected { Ending::Done } else { Ending::Failed })
}

/// Asks with a bucket for the occasion: a connection needs none, the handler does.
async fn of_file(arguments: &Connect, request: &Value) -> Result<Value, Failure> {
    let config = arguments.source.read()?;
    let (connections, sources) = (&config.config.connections, &config.config.sources);
    let (key, sas) = match (arguments.connection(), &arguments.from) {
        (_, Some(source)) if !sources.contains_key(source.as_str()) => {
            return Err(config.no_such("source", source, sources.keys()));
        }
        (_, Some(_)) => (None, Some(api_key::read_sas()?)),
        (Some(connection), None) if !connections.contains_key(connection.as_str()) => {
            return Err(config.no_such("connection", connection, connections.keys()));
        }
        (_, None) => (Some(api_key::read()?), None),
    };
    probe(&config, key, sas, request).await
}

/// Asks `request` with a bucket for the occasion.
pub(crate) async fn probe(
    config: &ConfigFile,
    key: Option<ApiKey>,
    sas: Option<SecretString>,
    request: &Value,
) -> Result<Value, Failure> {
    let folder = std::env::temp_dir();
    let folder = tempfile::TempDir::with_prefix("insights-to-braze-connect-").map_err(|source| {
        Failure::file("can't create a temporary folder in", &folder, source, "Set TMPDIR to a writable folder.")
    })?;
    let folder = WorkspaceFolder::take(folder.path())?;
    Application::of_workspace_with(folder, config, key, sas).await?.on_demand(request).await
}
