//! What is proposed for files that no configuration describes yet, from how their first rows look.

use std::collections::BTreeSet;
use std::path::Path;

use insights_to_braze::inspect::Kind;
use insights_to_braze::rows::{ReadSettings, RowReader};
use serde_json::{Value, json};

use crate::application::Application;
use crate::ending::Failure;
use crate::show::{self, elements, text};
use crate::texts;
use crate::workspace::{ConfigFile, WorkspaceFolder};

/// Customer Insights' own ID. It changes when profiles are merged, so that it is the last choice.
pub(crate) const UNIFIED: &str = "CustomerId";

/// The export of the configuration that the files are looked at with.
pub(crate) const EXPORT: &str = "files";

/// The columns of the files, and those that are proposed.
pub(crate) struct Proposal {
    /// The answer to the action `inspect`, with the proposed columns.
    pub(crate) inspection: Value,
    /// The columns that all files have.
    pub(crate) columns: Vec<Column>,
    pub(crate) customer_id: Option<String>,
    pub(crate) email: Option<String>,
}

/// A column, and what the values of its first rows look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kinds: BTreeSet<String>,
}

impl Proposal {
    /// Looks at the files of a folder, where they are.
    pub(crate) async fn of(folder: &Path) -> Result<Self, Failure> {
        // Without a column that fits, an inspection shows shapes in place of names.
        let mut inspection = inspect(folder, Some("?"), None).await?;
        let (mut columns, mut email, mut customer_id) = (Vec::new(), None, None);
        if let Some(first) = first_column(folder, &inspection).await {
            columns = common_columns(&inspect(folder, Some(&first), None).await?);
            email = email_of(&columns);
            customer_id = customer_id_of(&columns, email.as_deref());
            let shown = customer_id.as_deref().or(Some(first.as_str()).filter(|_| email.is_none()));
            inspection = inspect(folder, shown, email.as_deref()).await?;
        }
        if elements(&inspection["files"]).next().is_none() {
            return Err(Failure::NoFiles(folder.to_owned()));
        }
        Ok(Self { inspection, columns, customer_id, email })
    }

    /// The segments that were found.
    pub(crate) fn segments(&self) -> BTreeSet<String> {
        elements(&self.inspection["files"]).map(|file| text(&file["segment"])).collect()
    }

    /// Shows what is proposed.
    pub(crate) fn tell(&self) {
        show::line("");
        for (what, column) in [("proposed-customer-id", &self.customer_id), ("proposed-email", &self.email)] {
            show::line(format!("{}: {}", texts::t(what), column.clone().unwrap_or_else(|| texts::t("proposed-none"))));
        }
        if self.customer_id.as_deref() == Some(UNIFIED) {
            show::line(show::caution(texts::t("proposed-own-id")));
        }
    }
}

/// The name of a column: from a `model.json`, or from the header of a file. A first row with values of people is none.
async fn first_column(folder: &Path, inspection: &Value) -> Option<String> {
    let mut entities = elements(&inspection["models"]).flat_map(|model| elements(&model["entities"]));
    if let Some(name) = entities.find_map(|entity| entity["columns"][0][0].as_str()) {
        return Some(name.to_owned());
    }
    let key = elements(&inspection["files"]).find_map(|file| file["key"].as_str())?;
    let path = folder.join(key.strip_prefix(&format!("incoming/{EXPORT}/"))?);
    let file = tokio::fs::File::open(path).await.ok()?;
    let reader = RowReader::open(file, ReadSettings::default()).await.ok()?;
    let names = &reader.header().columns;
    let is_name = |name: &String| matches!(Kind::of(name), Kind::Text | Kind::Empty | Kind::List);
    names.first().filter(|_| names.iter().all(is_name)).cloned()
}

async fn inspect(folder: &Path, customer_id: Option<&str>, email: Option<&str>) -> Result<Value, Failure> {
    let (application, _) = reading(folder, customer_id, email).await?;
    application.on_demand(&json!({ "action": "inspect", "export": EXPORT })).await
}

/// An application on a folder of files, which are read where they are, and its configuration.
pub(crate) async fn reading(
    folder: &Path,
    customer_id: Option<&str>,
    email: Option<&str>,
) -> Result<(Application, ConfigFile), Failure> {
    let config = config_of(EXPORT, customer_id, email)?;
    let temporary = tempfile::TempDir::with_prefix("insights-to-braze-inspect-").map_err(|source| {
        let advice = "Set TMPDIR to a writable folder.";
        Failure::file("can't create a temporary folder in", &std::env::temp_dir(), source, advice)
    })?;
    let workspace = WorkspaceFolder::take(temporary.path())?;
    workspace.show(folder, config.export(EXPORT)?)?;
    let application = Application::of_workspace(workspace, &config, None).await?;
    Ok((application.keeping(temporary), config))
}

/// A configuration by which the files in a folder below `incoming/` can be read.
pub(crate) fn config_of(folder: &str, customer_id: Option<&str>, email: Option<&str>) -> Result<ConfigFile, Failure> {
    let columns = [("customer_id", customer_id), ("email", email)];
    let columns = columns.iter().filter_map(|(key, column)| Some(format!("{key} = {}\n", json!(column.as_ref()?))));
    let config = format!(
        "[connections.none]\nhostname = \"rest.iad-01.braze.com\"\nagree_to_data_transfer = false\n\
         [exports.{EXPORT}]\nconnection = \"none\"\nfolder = {}\n[exports.{EXPORT}.data_matching]\n{}",
        json!(format!("incoming/{folder}")),
        columns.collect::<String>()
    );
    ConfigFile::of_text(Path::new("exports.toml"), config)
}

/// The columns that every file with rows has, in the order of the first one.
fn common_columns(inspection: &Value) -> Vec<Column> {
    let mut common: Option<Vec<Column>> = None;
    for file in elements(&inspection["files"]).filter(|file| file["rows"].as_u64() > Some(0)) {
        let of_file: Vec<Column> = elements(&file["columns"])
            .map(|column| Column {
                name: text(&column["name"]),
                kinds: elements(&column["looks_like"]).map(text).collect(),
            })
            .collect();
        common = Some(match common {
            None => of_file,
            Some(known) => known
                .into_iter()
                .filter_map(|mut column| {
                    let same = of_file.iter().find(|other| other.name == column.name)?;
                    column.kinds.extend(same.kinds.iter().cloned());
                    Some(column)
                })
                .collect(),
        });
    }
    common.unwrap_or_default()
}

/// The column whose values are email addresses.
fn email_of(columns: &[Column]) -> Option<String> {
    let is_email = |column: &&Column| {
        column.kinds.contains("an email address")
            && column.kinds.iter().all(|kind| kind == "an email address" || kind == "empty")
    };
    let named = |column: &&Column| column.name.to_lowercase().contains("mail") || column.name.contains("メール");
    let mut candidates = columns.iter().filter(is_email);
    candidates.clone().find(named).or_else(|| candidates.next()).map(|column| column.name.clone())
}

/// The column that probably identifies customers: always filled, an identifier by its values, and by its name.
fn customer_id_of(columns: &[Column], email: Option<&str>) -> Option<String> {
    let identifies = |column: &&Column| {
        let kinds = ["a whole number", "digits with a leading zero", "text"];
        Some(column.name.as_str()) != email && column.kinds.iter().all(|kind| kinds.contains(&kind.as_str()))
    };
    let named = |column: &&Column| {
        let name = column.name.to_lowercase();
        let ends = ["id", "number", "no", "key"];
        ends.iter().any(|end| name.ends_with(end)) || ["番号", "コード"].iter().any(|end| name.contains(end))
    };
    let candidates: Vec<&Column> = columns.iter().filter(identifies).filter(named).collect();
    let own = candidates.iter().find(|column| column.name != UNIFIED);
    own.or_else(|| candidates.first()).map(|column| column.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kinds: &[&str]) -> Column {
        Column { name: name.to_owned(), kinds: kinds.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn an_id_of_the_customer_and_an_address_are_proposed() {
        let columns = [
            column("CustomerId", &["text"]),
            column("Points", &["a whole number"]),
            column("会員番号", &["digits with a leading zero"]),
            column("LoyaltyId", &["text", "empty"]),
            column("Kontakt", &["an email address"]),
            column("EMail", &["an email address", "empty"]),
        ];
        assert_eq!(email_of(&columns).as_deref(), Some("EMail"));
        assert_eq!(customer_id_of(&columns, Some("EMail")).as_deref(), Some("会員番号"));
        assert_eq!(customer_id_of(&columns[..2], None).as_deref(), Some("CustomerId"));
        assert_eq!(customer_id_of(&columns[1..2], None), None);
    }
}
