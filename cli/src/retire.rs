//! `retire`: sets an attribute that nothing feeds on leaving for everyone who may have it.

use serde::Deserialize;

use crate::answer::Answer;
use crate::arguments::Retire;
use crate::ending::{Ending, Failure};
use crate::{confirm, interrupt, show, texts};

pub(crate) async fn run(arguments: &Retire) -> Result<Ending, Failure> {
    let Retire { subject, place, dry_run, people, json } = arguments;
    let preview = place.open(None).await?.on_demand(&subject.request("retire", true)).await?;
    let parsed = Answer::deserialize(&preview)?;
    if *dry_run {
        if *json {
            show::json(&preview)?;
        } else {
            parsed.messages();
        }
        return Ok(parsed.ending());
    }
    // Each of them costs one data point.
    let expected = parsed.reports.iter().map(|report| report.data_points).sum();
    confirm::people(*people, expected, &texts::n("retire-question", expected))?;
    interrupt::listen();
    let application = place.open_to_send(None).await?;
    let answer = application.on_demand(&subject.request("retire", false)).await?;
    let parsed = Answer::deserialize(&answer)?;
    if *json {
        show::json(&answer)?;
    } else {
        parsed.messages();
    }
    Ok(parsed.ending())
}
