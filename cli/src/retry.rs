//! `retry`: delivers again what failed.

use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::arguments::Retry;
use crate::ending::{Ending, Failure};
use crate::failed::FailedRun;
use crate::progress::with_progress;
use crate::{failed, interrupt, show, texts};

pub(crate) async fn run(arguments: &Retry) -> Result<Ending, Failure> {
    let export = arguments.export.as_deref();
    let application = arguments.place.open(export).await?;
    let status = application.on_demand(&json!({ "action": "status", "export": export })).await?;
    let mut failed = failed::all(&application, &status).await?;
    failed.retain(|failed| arguments.segment.as_ref().is_none_or(|segment| *segment == failed.segment));
    if arguments.dry_run || failed.is_empty() {
        if arguments.json {
            show::json(&failed)?;
        } else {
            tell(&failed);
        }
        return Ok(Ending::Done);
    }
    drop(application);
    let application = arguments.place.open_to_send(export).await?;
    interrupt::listen();
    let (mut answers, mut ending) = (Vec::new(), Ending::Done);
    for failed in &failed {
        if interrupt::has_come() {
            ending = Ending::Failed;
            break;
        }
        let request = json!({ "action": "run", "export": failed.export, "segment": failed.segment });
        let answer = with_progress(&application, &request, "delivering").await?;
        let parsed = Answer::deserialize(&answer)?;
        ending = ending.worse(parsed.ending());
        if !arguments.json {
            parsed.print();
        }
        answers.push(answer);
    }
    if arguments.json {
        show::json(&answers)?;
    }
    Ok(ending)
}

fn tell(failed: &[FailedRun]) {
    if failed.is_empty() {
        return show::line(texts::t("none-failed"));
    }
    for failed in failed {
        show::line(format!("{}/{} {}: {}", failed.export, failed.segment, failed.run, show::message(&failed.message)));
    }
}
