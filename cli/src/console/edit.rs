//! Changes of `exports.toml` that keep its comments.

use insights_to_braze::config::Config;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::clock::today;
use super::export_table::{NewExport, Rules, set};
use super::form::Form;

/// A change of `exports.toml`.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    AddConnection {
        name: String,
        display_name: String,
        hostname: String,
        users: String,
        agreed_by: String,
        today: String,
    },
    SetConsent {
        name: String,
        agreed_by: String,
        today: String,
    },
    RemoveConnection {
        name: String,
    },
    AddExport(Box<NewExport>),
    SetRules {
        export: String,
        rules: Rules,
    },
    /// Nothing delivers the export but a person, or everything does again.
    SetPaused {
        export: String,
        is_paused: bool,
    },
    Replace {
        text: String,
    },
}

/// Why a change can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotEdited {
    /// The file is not in a form that can be changed here: it has to be changed as text.
    Form,
    /// The name exists already.
    Exists,
    /// What is to be changed is no longer there.
    Gone,
}

impl Edit {
    /// The change that a form describes.
    pub(crate) fn of(form: &Form) -> Option<Self> {
        let text = |name: &str| form.text(name).to_owned();
        let today = today();
        Some(match form.text("edit") {
            "add-connection" => Self::AddConnection {
                name: text("name"),
                display_name: text("display_name"),
                hostname: text("hostname"),
                users: text("users"),
                agreed_by: text("agreed_by"),
                today,
            },
            "set-consent" => Self::SetConsent { name: text("name"), agreed_by: text("agreed_by"), today },
            "remove-connection" => Self::RemoveConnection { name: text("name") },
            "add-export" => Self::AddExport(Box::new(NewExport::of(form))),
            "set-rules" => Self::SetRules { export: text("name"), rules: Rules::of(form) },
            "set-paused" => Self::SetPaused { export: text("name"), is_paused: form.text("paused") == "on" },
            "replace" => Self::Replace { text: form.raw("text").replace("\r\n", "\n") },
            _ => return None,
        })
    }

    /// The text with the change.
    pub(crate) fn apply(&self, text: &str) -> Result<String, NotEdited> {
        if let Self::Replace { text } = self {
            return Ok(text.clone());
        }
        let mut document: DocumentMut = text.parse().map_err(|_| NotEdited::Form)?;
        match self {
            Self::AddConnection { name, display_name, hostname, users, agreed_by, today } => {
                let mut table = Table::new();
                table.insert("display_name", Item::Value(display_name.as_str().into()));
                table.insert("hostname", Item::Value(hostname.as_str().into()));
                table.insert("agree_to_data_transfer", Item::Value(consent(agreed_by, today)));
                let gap = if text.trim().is_empty() { "" } else { "\n" };
                table.decor_mut().set_prefix(format!("{gap}{}{}\n", USERS, one_line(users)));
                add(&mut document, "connections", name, table)?;
            }
            Self::SetConsent { name, agreed_by, today } => {
                let value = consent(agreed_by, today);
                let table = find(&mut document, "connections", name)?;
                table.insert("agree_to_data_transfer", Item::Value(value));
            }
            Self::RemoveConnection { name } => {
                let tables =
                    document.get_mut("connections").and_then(Item::as_table_like_mut).ok_or(NotEdited::Gone)?;
                tables.remove(name).ok_or(NotEdited::Gone)?;
            }
            Self::AddExport(export) => {
                let table = export.table(!text.trim().is_empty());
                add(&mut document, "exports", &export.name, table)?;
            }
            Self::SetRules { export, rules } => rules.write(find(&mut document, "exports", export)?),
            Self::SetPaused { export, is_paused } => {
                let table = find(&mut document, "exports", export)?;
                set(table, "schedule", if *is_paused { "off" } else { "active" }.into(), !is_paused);
                set(table, "on_upload", (!is_paused).into(), !is_paused);
            }
            Self::Replace { .. } => {}
        }
        Ok(document.to_string())
    }
}

/// What a comment above a connection begins with that says who may use it.
pub(crate) const USERS: &str = "# Who may use it: ";
/// What a comment behind the consent begins with.
const AGREED: &str = "# agreed by ";

/// The consent, and in a comment who gave it and when.
fn consent(agreed_by: &str, today: &str) -> Value {
    let mut value = Value::from(!agreed_by.is_empty());
    if !agreed_by.is_empty() {
        value.decor_mut().set_prefix(" ");
        value.decor_mut().set_suffix(format!("  {AGREED}{}, {today}", one_line(agreed_by)));
    }
    value
}

/// A text that stays within its comment.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Who may use a connection, and who agreed to the transfer, as the comments say it.
pub(crate) fn remarks(text: &str, connection: &str) -> (Option<String>, Option<String>) {
    let document: Option<DocumentMut> = text.parse().ok();
    let table =
        document.as_ref().and_then(|document| document.get("connections")?.as_table()?.get(connection)?.as_table());
    let Some(table) = table else { return (None, None) };
    let prefix = table.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let users = prefix.lines().find_map(|line| line.trim().strip_prefix(USERS.trim_end())).map(str::trim);
    let value = table.get("agree_to_data_transfer").and_then(Item::as_value);
    let suffix = value.and_then(|value| value.decor().suffix()?.as_str()).unwrap_or_default();
    let agreed = suffix.trim().strip_prefix(AGREED);
    (users.map(str::to_owned), agreed.map(str::to_owned))
}

fn find<'d>(document: &'d mut DocumentMut, group: &str, name: &str) -> Result<&'d mut dyn TableLike, NotEdited> {
    let tables = document.get_mut(group).and_then(Item::as_table_like_mut).ok_or(NotEdited::Gone)?;
    tables.get_mut(name).and_then(Item::as_table_like_mut).ok_or(NotEdited::Gone)
}

fn add(document: &mut DocumentMut, group: &str, name: &str, table: Table) -> Result<(), NotEdited> {
    let tables = document.entry(group).or_insert_with(|| {
        let mut tables = Table::new();
        tables.set_implicit(true);
        Item::Table(tables)
    });
    let tables = tables.as_table_mut().ok_or(NotEdited::Form)?;
    if tables.contains_key(name) {
        return Err(NotEdited::Exists);
    }
    tables.insert(name, Item::Table(table));
    Ok(())
}

/// A name that can be the key of a connection, made of a display name, and is not taken.
pub(crate) fn key_for(display_name: &str, config: &Config) -> String {
    let letters = display_name
        .to_lowercase()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect::<String>();
    let words: Vec<&str> = letters.split('-').filter(|word| !word.is_empty()).collect();
    let name = if words.is_empty() { "braze".to_owned() } else { words.join("-") };
    let is_free = |name: &String| !config.connections.contains_key(name.as_str());
    let mut numbered = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}-{number}")));
    numbered.find(is_free).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use insights_to_braze::texts::Language;

    use super::*;

    const FILE: &str = "# Kept by marketing\n[connections.eu]\nhostname = \"rest.fra-01.braze.eu\"  # the EU\nagree_to_data_transfer = false\n\n[exports.loyalty]\nconnection = \"eu\"\nfolder = \"incoming/x\"\non_leave = \"keep\"  # by order of legal\n\n[exports.loyalty.data_matching]\nemail = \"E\"\n";

    fn form(text: &str) -> Form {
        Form::parse(text.as_bytes())
    }

    #[test]
    fn changes_keep_the_comments_and_give_a_right_file() {
        let consent = Edit::of(&form("edit=set-consent&name=eu&agreed_by=%E4%BD%90%E8%97%A4%0Ax")).unwrap();
        let changed = consent.apply(FILE).unwrap();
        assert!(changed.contains("agree_to_data_transfer = true  # agreed by 佐藤 x, 20"), "{changed}");
        let rules = Edit::of(&form(
            "edit=set-rules&name=loyalty&on_leave=remove&create_profiles=on&max_leavers=35&scheduled=on&on_upload=on",
        ))
        .unwrap();
        let changed = rules.apply(&changed).unwrap();
        for part in
            ["# Kept by marketing", "# the EU", "on_leave = \"remove\"  # by order of legal", "max_leavers = 0.35"]
        {
            assert!(changed.contains(part), "{part}: {changed}");
        }
        assert!(!changed.contains("create_profiles") && !changed.contains("schedule"), "{changed}");
        let added = Edit::of(&form("edit=add-connection&name=jp&display_name=Braze+JP&hostname=rest.jp-01.braze.com&users=administrators&agreed_by=Sato")).unwrap();
        let changed = added.apply(&changed).unwrap();
        assert!(added.apply(&changed) == Err(NotEdited::Exists));
        let export = Edit::of(&form(
            "edit=add-export&name=vip&connection=jp&folder=BlobExport&segments=listed&segment=VIP%E4%BC%9A%E5%93%A1&attribute:VIP%E4%BC%9A%E5%93%A1=VIP&customer_id=LoyaltyId&email=EMail&field:FirstName=first_name&field:Points=custom&custom:Points=points&type:Points=integer&field:Other=&on_leave=false&create_profiles=on&max_leavers=20&scheduled=on&on_upload=on&language=ja",
        ))
        .unwrap();
        let changed = export.apply(&changed).unwrap();
        let config = Config::parse(&changed).unwrap();
        let vip = &config.exports["vip"];
        assert_eq!(
            (vip.folder.as_str(), vip.attributes.len(), vip.attribute_names.len(), vip.language),
            ("incoming/BlobExport", 2, 1, Language::Japanese)
        );
        assert_eq!(remarks(&changed, "jp"), (Some("administrators".to_owned()), remarks(&changed, "jp").1));
        assert!(remarks(&changed, "jp").1.unwrap().starts_with("Sato, "));
        assert!(changed.starts_with("# Kept by marketing\n") && key_for("Braze JP", &config) == "braze-jp");
        assert_eq!((key_for("JP", &config), key_for("日本", &config)), ("jp-2".to_owned(), "braze".to_owned()));
        let removed = Edit::RemoveConnection { name: "eu".to_owned() }.apply(&changed).unwrap();
        assert!(!removed.contains("fra-01") && removed.contains("[exports.loyalty]"));
        assert_eq!(Edit::RemoveConnection { name: "no".to_owned() }.apply(&changed), Err(NotEdited::Gone));
        let first = added.apply("").unwrap();
        assert!(first.starts_with(USERS) && Config::parse(&first).is_ok(), "{first}");
    }
}
