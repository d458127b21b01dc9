"""Uses the stack on the emulator: which objects bring a message into the queue, and in which form."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote_plus

import emulator  # sets up credentials for the emulator before boto3 looks for them
from emulator import boto3

KEY = "incoming/BlobExport/顧客 セグメント/2026/11/23/0102/顧客 セグメント_1.csv"


def messages(sqs, queue):
    """Every message in the queue, taken out."""
    bodies = []
    while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        for message in found:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def landed(given):
    """Creates the stack with the parameters `given`, puts objects into its bucket, and gives what the queue holds then."""
    arguments = [f"{key}={value}" for key, value in given.items()]
    stack = subprocess.Popen(
        [sys.executable, Path(emulator.__file__), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        line = stack.stdout.readline()
        if not line:
            sys.exit(f"the stack with {given} was not created")
        made = json.loads(line)
        s3, sqs = (boto3.client(service, endpoint_url=made["endpoint"]) for service in ("s3", "sqs"))
        bucket, queue = made["outputs"]["BucketName"], made["outputs"]["QueueUrl"]
        messages(sqs, queue)
        for key in (KEY, "config/exports.toml", "reports/loyalty/report.json", "state/loyalty"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"LoyaltyId,EMail\r\nL-000417,hanako@example.jp\r\n")
        return made, messages(sqs, queue)
    finally:
        stack.stdin.close()
        stack.wait()


def main():
    made, [notification] = landed({})
    [record] = notification["Records"]
    assert record["eventSource"] == "aws:s3" and record["eventName"].startswith("ObjectCreated:"), record
    assert unquote_plus(record["s3"]["object"]["key"]) == KEY, record
    print(f"own bucket: {len(made['resources'])} resources made, {len(made['left_out'])} the emulator does not know")
    print("own bucket: one message for the file below incoming/, none for config/, reports/ and state/")

    made, [event] = landed({"ExistingBucket": "insights-to-braze-example"})
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created"), event
    assert event["detail"]["object"]["key"] == KEY, event
    print("existing bucket: one EventBridge event for the file below incoming/, none for the others")


if __name__ == "__main__":
    main()
