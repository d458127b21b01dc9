//! `init`: looks at the files, asks a few questions, and writes exports.toml.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::arguments::{Init, quoted};
use crate::confirm;
use crate::ending::{Ending, Failure};
use crate::proposal::{Column, Proposal};
use crate::show;
use crate::texts::{self, Word};
use crate::workspace::ConfigFile;

pub(crate) async fn run(arguments: &Init) -> Result<Ending, Failure> {
    if arguments.config.exists() {
        return Err(Failure::Exists(arguments.config.clone()));
    }
    let proposal = Proposal::of(&arguments.folder).await?;
    show::line(text::found(&proposal));
    proposal.tell();
    let answers = Answers::of(arguments, &proposal)?;
    let config = ConfigFile::of_text(&arguments.config, answers.toml())?;
    let failure = |source| Failure::file("can't write", &arguments.config, source, "Use another file with --config.");
    let mut file = File::create_new(&arguments.config).map_err(failure)?;
    file.write_all(config.text().as_bytes()).map_err(failure)?;
    show::line(text::next(&arguments.config, &answers.export, &arguments.folder, answers.agree));
    Ok(Ending::Done)
}

/// What the file says.
struct Answers {
    connection: String,
    hostname: String,
    export: String,
    customer_id: Option<String>,
    email: Option<String>,
    agree: bool,
}

impl Answers {
    /// From the command line, else from the person, who may take what is proposed with Enter.
    fn of(arguments: &Init, proposal: &Proposal) -> Result<Self, Failure> {
        let answer = |given: &Option<String>, question: &str, flag: &str, proposed: Option<&str>| {
            answer(given.as_deref(), question, flag, proposed, arguments.yes)
        };
        let column = |given: &Option<String>, question: &str, flag: &str, proposed: &Option<String>| {
            let name = answer(given, question, flag, Some(proposed.as_deref().unwrap_or(text::NONE)))?;
            existing(name, &proposal.columns)
        };
        let hostname = answer(&arguments.hostname, &texts::t("init-hostname"), "--hostname", None)?;
        let customer_id =
            column(&arguments.customer_id, &texts::t("init-customer-id"), "--customer-id", &proposal.customer_id)?;
        let email = column(&arguments.email, &texts::t("init-email"), "--email", &proposal.email)?;
        let folder = folder_name(&arguments.folder);
        let export = answer(&arguments.export, &texts::t("init-export"), "--export", Some(&folder))?;
        let agree = arguments.agree
            || !arguments.yes && confirm::ask(&texts::t("init-agree"), "--agree or --yes")?.eq_ignore_ascii_case("yes");
        let connection = arguments.connection.clone();
        Ok(Self { connection, hostname, export, customer_id, email, agree })
    }

    fn toml(&self) -> String {
        let Self { connection, hostname, export, customer_id, email, agree } = self;
        let matching = [("customer_id", customer_id), ("email", email)];
        let matching: String = matching
            .iter()
            .filter_map(|(key, column)| Some(format!("{key} = {}\n", json!(column.as_ref()?))))
            .collect();
        let name = json!(connection);
        let (connection, export) = (key(connection), key(export));
        format!(
            "{}\n[connections.{connection}]\nhostname = {}\nagree_to_data_transfer = {agree}  {}\n\n\
             [exports.{export}]\nconnection = {name}\nfolder = {}  {}\n\n\
             [exports.{export}.data_matching]\n{matching}",
            text::HEAD,
            json!(hostname),
            text::ABOUT_CONSENT,
            json!(format!("incoming/{}", self.export)),
            text::ABOUT_FOLDER,
        )
    }
}

/// What the command line says, or is typed, or is proposed.
fn answer(
    given: Option<&str>,
    question: &str,
    flag: &str,
    proposed: Option<&str>,
    takes_proposals: bool,
) -> Result<String, Failure> {
    if let Some(known) = given.or(proposed.filter(|_| takes_proposals)) {
        return Ok(known.to_owned());
    }
    let shown = proposed.map(|proposed| format!(" [{proposed}]")).unwrap_or_default();
    let typed = confirm::ask(&format!("{question}{shown}: "), flag)?;
    Ok(if typed.is_empty() { proposed.unwrap_or_default().to_owned() } else { typed })
}

/// A column of the files, or none.
fn existing(name: String, columns: &[Column]) -> Result<Option<String>, Failure> {
    if name == text::NONE {
        return Ok(None);
    }
    if columns.iter().any(|column| column.name == name) {
        return Ok(Some(name));
    }
    let existing: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    Err(Failure::NoColumn { name, existing: existing.join(", ") })
}

/// A name as a key of TOML: bare if it can be.
fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|one| one.is_ascii_alphanumeric() || "-_".contains(one));
    if is_bare { name.to_owned() } else { json!(name).to_string() }
}

/// A name for the export: that of the folder.
fn folder_name(folder: &Path) -> String {
    let path = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    path.file_name().map_or_else(|| "export".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The texts of the command.
mod text {
    use super::{Path, Proposal, Word, quoted, texts};

    pub(super) const NONE: &str = "none";
    pub(super) const HEAD: &str = "# Written by `itb init`. All keys: docs/configuration.md\n";
    pub(super) const ABOUT_CONSENT: &str = "# nothing is sent while this is false";
    pub(super) const ABOUT_FOLDER: &str = "# where the files are in the bucket of a deployed stack";

    pub(super) fn found(proposal: &Proposal) -> String {
        let segments: Vec<String> = proposal.segments().into_iter().collect();
        let columns: Vec<&str> = proposal.columns.iter().map(|column| column.name.as_str()).collect();
        texts::with("init-found", &[("segments", Word(&segments.join(", "))), ("columns", Word(&columns.join(", ")))])
    }

    pub(super) fn next(config: &Path, export: &str, folder: &Path, agreed: bool) -> String {
        let consent = if agreed { String::new() } else { format!("\n{}", texts::t("init-no-consent")) };
        let (export, folder) = (quoted(export), quoted(&folder.to_string_lossy()));
        let flag = if config == Path::new("exports.toml") {
            String::new()
        } else {
            format!(" --config {}", quoted(&config.to_string_lossy()))
        };
        let written = texts::w("init-written", "file", &config.display().to_string());
        let next = format!("itb run {export} --files {folder}{flag} --dry-run");
        format!("\n{written}{consent}\n{}", texts::w("init-next", "command", &next))
    }
}
