//! The `on-demand` function: runs, the actions of people and programs.

use insights_to_braze::function;
use insights_to_braze::trigger::caller::Caller;
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    function::serve(|handler, event, budget| {
        let caller = Caller::invoking(&event.context.invoked_function_arn);
        handler.on_demand_by(caller, &event.payload, budget)
    })
    .await
}
