//! The `on-demand` function: runs, tests, tells and retires what a person or a program asks for.

use insights_to_braze::function;
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    function::serve(async |handler, event, budget| handler.on_demand(&event, budget).await).await
}
