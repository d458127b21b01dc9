//! `retire`: sets an attribute that nothing feeds on leaving for everyone who may have it.

use serde::Deserialize;

use crate::answer::Answer;
use crate::arguments::Retire;
use crate::ending::{Ending, Failure};
use crate::{confirm, interrupt, texts};

pub(crate) async fn run(arguments: &Retire) -> Result<Ending, Failure> {
    let Retire { subject, place, dry_run, people, json } = arguments;
    let preview = place.open(None).await?.on_demand(&subject.request("retire", true)).await?;
    if *dry_run {
        return Answer::end(&preview, *json);
    }
    // Each of them costs one data point.
    let expected = Answer::deserialize(&preview)?.reports.iter().map(|report| report.data_points).sum();
    confirm::people(*people, expected, &texts::n("retire-question", expected))?;
    interrupt::listen();
    let application = place.open_to_send(None).await?;
    let answer = application.on_demand(&subject.request("retire", false)).await?;
    Answer::end(&answer, *json)
}
