//! `rebuild`: makes a state usable again that is damaged and can't be restored.

use serde_json::Value;

use crate::arguments::Rebuild;
use crate::ending::{Ending, Failure};
use crate::show::{self, elements, text};
use crate::{confirm, texts};

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
    confirm::yes(*yes, &texts::t("rebuild-question"))?;
    tell(&application.on_demand(&subject.request("rebuild", false)).await?, *json)?;
    Ok(Ending::Done)
}

fn damage(answer: &Value) {
    for damage in elements(&answer["damage"]) {
        show::line(format!("{} {}", show::bad(texts::t("rebuild-damaged")), show::message(&text(damage))));
    }
    show::line(texts::n("rebuild-people", answer["people"].as_u64().unwrap_or_default()));
}

fn tell(answer: &Value, as_json: bool) -> Result<(), Failure> {
    if as_json {
        return show::json(answer);
    }
    damage(answer);
    show::line(show::message(&text(&answer["message"])));
    Ok(())
}
