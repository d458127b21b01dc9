use super::entity::time;
use super::json::Node;
use super::{Entity, FileFormat, ModelError, Partition};
use crate::run::location::Location;

/// The trait whose arguments are the settings of a text file.
const CSV_TRAIT: &str = "is.partition.format.CSV";
/// The trait of a partition that contains only changes.
const INCREMENTAL_TRAIT: &str = "is.partition.incremental";

/// Whether an entity is declared in the way of a manifest.
pub(super) fn is_entity(node: &Node<'_>) -> bool {
    node.member("entityName").is_some()
}

/// Reads an entity of a manifest. Its columns are in a separate file, so it has none here.
pub(super) fn entity(node: &Node<'_>, culture: Option<&str>) -> Result<Entity, ModelError> {
    let name = node.required("entityName")?.name()?.to_owned();
    let mut partitions = Vec::new();
    let mut lists_every_file = true;
    for node in node.elements_of("dataPartitions")? {
        let traits = node.elements_of("exhibitsTraits")?;
        lists_every_file &= !traits.iter().any(|found| is_trait(found, INCREMENTAL_TRAIT));
        let arguments = match traits.iter().find(|found| is_trait(found, CSV_TRAIT)) {
            Some(csv) => csv.elements_of("arguments")?,
            None => Vec::new(),
        };
        partitions.push(Partition {
            name: node.text_of("name")?.unwrap_or_default().to_owned(),
            location: node.text_of("location")?.and_then(Location::parse),
            refresh_time: node.text_of("lastFileModifiedTime")?.and_then(time),
            format: FileFormat::read(|name| argument(&arguments, name))?,
        });
    }
    for elsewhere in ["dataPartitionPatterns", "incrementalPartitions", "incrementalPartitionPatterns"] {
        lists_every_file &= node.elements_of(elsewhere)?.is_empty();
    }
    Ok(Entity {
        name,
        columns: Vec::new(),
        partitions,
        culture: culture.map(str::to_owned),
        is_change_feed: false,
        lists_every_file,
    })
}

/// Whether a trait has this name. Traits are texts, or objects with arguments.
fn is_trait(node: &Node<'_>, name: &str) -> bool {
    let reference = node.member("traitReference").unwrap_or_else(|| node.clone());
    reference.text().is_ok_and(|found| found.eq_ignore_ascii_case(name))
}

fn argument<'v>(arguments: &[Node<'v>], name: &str) -> Option<Node<'v>> {
    let named = arguments.iter().find(|argument| {
        argument.member("name").is_some_and(|found| found.text().is_ok_and(|text| text.eq_ignore_ascii_case(name)))
    });
    named?.member("value")
}
