#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

use super::{LambdaFunction, LambdaHost};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Not a test by itself: the program that the tests below host is this test binary, and this is its `main`.
#[tokio::test]
#[ignore = "is started by the other tests"]
async fn as_function() {
    if std::env::var("FAIL_AT_START").is_ok() {
        println!("cannot start");
        return;
    }
    lambda_runtime::run(service_fn(serve)).await.unwrap();
}

async fn serve(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    println!("request {}", event.context.request_id);
    match event.payload["do"].as_str().unwrap_or_default() {
        "fail" => Err("the segment's file is gone".into()),
        "exit" => std::process::exit(3),
        "sleep" => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            Ok(Value::Null)
        }
        "grow" => {
            let memory = vec![1_u8; 64 * 1024 * 1024];
            Ok(json!(memory.iter().map(|byte| u64::from(*byte)).sum::<u64>()))
        }
        "environment" => Ok(json!(std::env::vars().collect::<BTreeMap<_, _>>())),
        _ => Ok(
            json!({"echo": event.payload, "arn": event.context.invoked_function_arn, "deadline": event.context.deadline}),
        ),
    }
}

fn function(variables: &[(&str, &str)]) -> LambdaFunction {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut function = LambdaFunction::new(std::env::current_exe().unwrap(), environment);
    "on-demand".clone_into(&mut function.name);
    function.arguments =
        ["standin::lambda::tests::as_function", "--exact", "--ignored", "--nocapture"].map(Into::into).to_vec();
    function
}

#[tokio::test]
async fn an_event_goes_in_and_the_answer_comes_out() {
    let host = LambdaHost::start(function(&[])).await.unwrap();
    let payload = json!({"name": "顧客 \"😀\"\n"});
    let answer = host.invoke(&payload, TIMEOUT).await.unwrap();
    assert_eq!(answer["echo"], payload);
    assert_eq!(answer["arn"], "arn:aws:lambda:eu-central-1:123456789012:function:on-demand");
    assert!(answer["deadline"].as_u64().unwrap() > 1_700_000_000_000);
    let error = host.invoke(&json!({"do": "fail"}), TIMEOUT).await.unwrap_err();
    assert!(error.message.contains("the segment's file is gone"), "{error}");
    host.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(host.starts(), 1, "an error does not end the process");
    assert_eq!(host.log_lines().iter().filter(|line| line.starts_with("request ")).count(), 3);
    assert!(!host.take_log_lines().is_empty());
    assert!(host.log_lines().is_empty());
}

#[tokio::test]
async fn the_function_sees_only_lambdas_environment() {
    let host = LambdaHost::start(function(&[("BUCKET", "segments"), ("AWS_ACCESS_KEY_ID", "AKIDOWN")])).await.unwrap();
    let variables = host.invoke(&json!({"do": "environment"}), TIMEOUT).await.unwrap();
    assert_eq!(variables["BUCKET"], "segments");
    assert_eq!(variables["AWS_ACCESS_KEY_ID"], "AKIDOWN");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "on-demand");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
    assert!(variables["AWS_SECRET_ACCESS_KEY"].is_string());
    assert!(variables.get("CARGO_MANIFEST_DIR").is_none() && variables.get("HOME").is_none());
}

#[tokio::test]
async fn a_process_that_ends_is_replaced() {
    let host = LambdaHost::start(function(&[])).await.unwrap();
    let error = host.invoke(&json!({"do": "exit"}), TIMEOUT).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(error.message.contains('3'), "{error}");
    host.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(host.starts(), 2);
    host.restart().await.unwrap();
    host.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(host.starts(), 3);
}

#[tokio::test]
async fn a_kill_ends_the_invocation_and_so_does_the_timeout() {
    let host = LambdaHost::start(function(&[])).await.unwrap();
    host.invoke(&json!({}), TIMEOUT).await.unwrap();
    let payload = json!({"do": "sleep"});
    let (answer, ()) = tokio::join!(host.invoke(&payload, TIMEOUT), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        host.kill();
    });
    let error = answer.unwrap_err();
    assert!(error.error_type == "Runtime.ExitError" && error.message.contains("SIGKILL"), "{error}");
    let error = host.invoke(&payload, Duration::from_millis(1500)).await.unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    host.invoke(&json!({}), TIMEOUT).await.unwrap();
    assert_eq!(host.starts(), 3);
}

#[tokio::test]
async fn a_start_that_fails_fails_the_invocation() {
    let host = LambdaHost::start(function(&[("FAIL_AT_START", "1")])).await.unwrap();
    let error = host.invoke(&json!({}), TIMEOUT).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(host.log_lines().iter().any(|line| line.contains("cannot start")));
    assert!(LambdaHost::start(LambdaFunction::new("/nonexistent/program", BTreeMap::new())).await.is_err());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn peak_memory_is_that_of_the_process() {
    let host = LambdaHost::start(function(&[])).await.unwrap();
    host.invoke(&json!({}), TIMEOUT).await.unwrap();
    let before = host.peak_memory().unwrap();
    assert_eq!(host.invoke(&json!({"do": "grow"}), TIMEOUT).await.unwrap(), 64 * 1024 * 1024);
    assert!(host.peak_memory().unwrap() >= before + 60 * 1024 * 1024);
}
