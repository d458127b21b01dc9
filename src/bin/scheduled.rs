//! The `scheduled` function: delivers what the active exports have that is not delivered yet.

use insights_to_braze::function;
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    function::serve(|handler, event, budget| handler.scheduled(&event.payload, budget)).await
}
