"""Creates the stack of template.yaml on an emulator of AWS (moto), and keeps it until standard input ends.

usage: emulator.py [PARAMETER=VALUE ...]

Prints one line of JSON once the stack is there: the emulator's endpoint, the stack's outputs, and its resources by their
logical names, and the types that the emulator cannot make. A test then puts files into the bucket, takes the messages
that the notification brings from the queue, and hands them to the functions. The secret is there, without a value where
SecretArns is left out. Prints what is wrong to standard error and exits 1 when the stack cannot be created.
"""

import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

os.environ.update(
    AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-central-1", AWS_REGION="eu-central-1"
)

import boto3  # noqa: E402
from botocore.exceptions import BotoCoreError, ClientError  # noqa: E402
from translate import translate  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
STACK = "insights-to-braze"
NOTHING = object()
# The emulator's CloudFormation cannot make these. The secret is made beside the stack, and given to it by its ARN.
UNSUPPORTED = {
    "AWS::CloudWatch::Alarm", "AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::Scheduler::Schedule", "AWS::Transfer::Server",
    "AWS::Transfer::User",
}
# Stands where a resource is named that is not made; a policy takes nothing but an ARN there.
LEFT_OUT = "arn:aws:left-out:::"


class Decided:
    """A template whose conditions are decided.

    The emulator leaves AWS::NoValue standing in a list of policy statements, so Fn::If is resolved before it sees one.
    """

    def __init__(self, template, given):
        self.parameters = {
            name: given.get(name, str(parameter.get("Default", ""))) for name, parameter in template["Parameters"].items()
        }
        unknown = set(given) - set(self.parameters)
        if unknown:
            sys.exit(f"emulator.py: the template has no parameter {', '.join(sorted(unknown))}")
        self.conditions = {name: self.condition(rule) for name, rule in template.pop("Conditions").items()}
        template.pop("Rules", None)
        for part in ("Resources", "Outputs"):
            template[part] = {
                name: self.value({key: item for key, item in entry.items() if key not in ("Condition", "Metadata")})
                for name, entry in template[part].items()
                if self.conditions.get(entry.get("Condition"), True)
            }
        self.left_out = {n: r["Type"] for n, r in template["Resources"].items() if r["Type"] in UNSUPPORTED}
        for name in self.left_out:
            del template["Resources"][name]
        for resource in template["Resources"].values():
            if resource.get("DependsOn") in self.left_out:
                del resource["DependsOn"]
            # Only CloudFormation knows this policy, and it makes no difference to an emulator that ends.
            if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
                resource["DeletionPolicy"] = "Delete"
        self.template = self.without_references(template)

    def condition(self, rule):
        """Whether a condition holds. Knows what this template uses: Equals, Not, Ref and Join of a list parameter."""
        [(function, arguments)] = rule.items()
        if function == "Fn::Not":
            return not self.condition(arguments[0])
        if function == "Fn::Equals":
            left, right = (self.operand(argument) for argument in arguments)
            return left == right
        sys.exit(f"emulator.py: the condition {rule} is not understood")

    def operand(self, operand):
        if not isinstance(operand, dict):
            return str(operand)
        [(function, argument)] = operand.items()
        if function == "Ref":
            return self.parameters[argument]
        if function == "Fn::Join":
            return "".join(self.parameters[argument[1]["Ref"]].split(","))
        sys.exit(f"emulator.py: {operand} in a condition is not understood")

    def without_references(self, value):
        """`value` with a stand-in wherever it names a resource that the emulator cannot make."""
        if isinstance(value, dict):
            if len(value) == 1:
                [(function, argument)] = value.items()
                name = argument[0] if function == "Fn::GetAtt" else argument
                if function in ("Ref", "Fn::GetAtt") and name in self.left_out:
                    return LEFT_OUT + name
            return {key: self.without_references(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.without_references(item) for item in value]
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+)(?:\.\w+)?\}", self.stand_in, value)
        return value

    def stand_in(self, reference):
        return LEFT_OUT + reference[1] if reference[1] in self.left_out else reference[0]

    def value(self, value):
        """`value` with each Fn::If decided and each AWS::NoValue gone."""
        if isinstance(value, dict):
            if set(value) == {"Fn::If"}:
                name, then, otherwise = value["Fn::If"]
                return self.value(then if self.conditions[name] else otherwise)
            if value == {"Ref": "AWS::NoValue"}:
                return NOTHING
            items = ((key, self.value(item)) for key, item in value.items())
            return {key: item for key, item in items if item is not NOTHING}
        if isinstance(value, list):
            return [item for item in map(self.value, value) if item is not NOTHING]
        return value


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(client):
    """Waits until the emulator answers."""
    for _ in range(200):
        try:
            return client.list_buckets()
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
    sys.exit("emulator.py: the emulator does not answer")


def upload_code(s3, template):
    """Puts an archive where each function expects its code; the emulator runs none of it."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bootstrap", "")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            s3.put_object(Bucket="code", Key=resource["Properties"]["Code"]["S3Key"], Body=code.getvalue())


def finish_bucket(endpoint, template, outputs):
    """Gives the bucket what the emulator's CloudFormation ignores, as the template has it: versions and notifications."""
    s3 = boto3.client("s3", endpoint_url=endpoint)
    bucket, resource = outputs["BucketName"], template["Resources"].get("Bucket")
    if resource is None:
        # Someone else's bucket, with its events going to EventBridge as the parameter asks.
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        return
    properties = resource["Properties"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=properties["VersioningConfiguration"])
    queues = []
    for queue in properties["NotificationConfiguration"]["QueueConfigurations"]:
        assert queue["Queue"] == {"Fn::GetAtt": ["Queue", "Arn"]}, queue
        rules = queue["Filter"]["S3Key"]["Rules"]
        arn = boto3.client("sqs", endpoint_url=endpoint).get_queue_attributes(
            QueueUrl=outputs["QueueUrl"], AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        queues.append({"QueueArn": arn, "Events": [queue["Event"]], "Filter": {"Key": {"FilterRules": rules}}})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": queues}
    )


def leave_messages(endpoint):
    """Stops the emulator from running the functions, for which it would want containers: the test hands them their messages."""
    functions = boto3.client("lambda", endpoint_url=endpoint)
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def create(endpoint, given):
    """Creates the stack and tells what it consists of."""
    s3 = boto3.client("s3", endpoint_url=endpoint)
    answers(s3)
    if "SecretArns" not in given:
        secrets = boto3.client("secretsmanager", endpoint_url=endpoint)
        given["SecretArns"] = secrets.create_secret(Name=f"{STACK}/braze")["ARN"]
    decided = Decided(translate(ROOT / "template.yaml"), given)
    upload_code(s3, decided.template)
    if decided.parameters["ExistingBucket"]:
        s3.create_bucket(
            Bucket=decided.parameters["ExistingBucket"],
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
        )
    cloudformation = boto3.client("cloudformation", endpoint_url=endpoint)
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(decided.template),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in decided.parameters.items()],
    )
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        sys.exit(f"emulator.py: the stack ended as {stack['StackStatus']}: {stack.get('StackStatusReason')}")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    finish_bucket(endpoint, decided.template, outputs)
    leave_messages(endpoint)
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    return {
        "endpoint": endpoint,
        "secrets": given["SecretArns"].split(","),
        "outputs": outputs,
        "resources": {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources},
        "left_out": decided.left_out,
    }


def main():
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    port = free_port()
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )
        try:
            print(json.dumps(create(f"http://127.0.0.1:{port}", given)), flush=True)
            sys.stdin.read()
        except (BotoCoreError, ClientError) as error:
            log.seek(0)
            sys.exit(f"{log.read().decode()[-3000:]}\nemulator.py: {error}")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
