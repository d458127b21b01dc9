//! The `object-created` function: delivers files that were uploaded to the bucket.

use insights_to_braze::function;
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    function::serve(|handler, event, budget| handler.object_created(&event.payload, budget)).await
}
