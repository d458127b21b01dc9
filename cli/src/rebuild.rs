//! `rebuild`: makes a state usable again that is damaged and can't be restored.

use insights_to_braze::message::counted;
use serde_json::Value;

use crate::arguments::Rebuild;
use crate::confirm;
use crate::ending::{Ending, Failure};
use crate::show::{self, elements, text};

pub(crate) async fn run(arguments: &Rebuild) -> Result<Ending, Failure> {
    let Rebuild { subject, place, dry_run, yes, json } = arguments;
    let application = place.open(None).await?;
    let preview = application.on_demand(&subject.request("rebuild", true)).await?;
    let damaged = elements(&preview["damage"]).next().is_some();
    if *dry_run || !damaged {
        tell(&preview, *json)?;
        return Ok(if damaged { Ending::Failed } else { Ending::Done });
    }
    if !json {
        damage(&preview);
    }
    confirm::yes(*yes, texts::QUESTION)?;
    tell(&application.on_demand(&subject.request("rebuild", false)).await?, *json)?;
    Ok(Ending::Done)
}

fn damage(answer: &Value) {
    for damage in elements(&answer["damage"]) {
        show::line(format!("{} {}", show::bad("damaged:"), text(damage)));
    }
    show::line(texts::left(answer["people"].as_u64().unwrap_or_default()));
}

fn tell(answer: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return show::json(answer);
    }
    damage(answer);
    show::line(show::message(&text(&answer["message"])));
    Ok(())
}

/// The texts of the command.
mod texts {
    use super::counted;

    pub(super) const QUESTION: &str = "The next run of the segment will send everyone.";

    pub(super) fn left(people: u64) -> String {
        format!("{} about people can be read.", counted(people, "line", "lines"))
    }
}
