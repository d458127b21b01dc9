"""Checks what the documentation promises of the stack, phrase by phrase, against template.yaml.

Run by tests/template/check with the Python of its virtual environment. Each promise comes with a change that breaks it,
and is checked twice: it must hold for the template, and must not hold for the changed one. Prints the promises; exits 1
when one is not kept, or cannot be broken.
"""

import copy
import json
import re
import sys

import yaml
from names import ROOT, Template

FUNCTIONS = ("ObjectCreatedFunction", "ScheduledFunction", "OnDemandFunction")
# Their states stay; the scheduled function publishes the messages.
OF_SEGMENTS = ("FailedDeliveriesAlarm", "HeldRunsAlarm", "SupersededRunsAlarm", "OverdueSegmentsAlarm", "WaitingRunsAlarm")
PROMISES = []


def promise(text, breaks):
    """Registers a check; `breaks` changes the template so that it must fail."""

    def register(holds):
        PROMISES.append((text, holds, breaks))
        return holds

    return register


def properties(template, name):
    return template["Resources"][name]["Properties"]


def statements(template, name):
    return [s["Fn::If"][1] if "Fn::If" in s else s for s in properties(template, name)["PolicyDocument"]["Statement"]]


def delete(*path):
    """A change that takes something out."""

    def change(template):
        parent = template
        for step in path[:-1]:
            parent = parent[step]
        del parent[path[-1]]

    return change


def put(value, *path):
    """A change that replaces something."""

    def change(template):
        parent = template
        for step in path[:-1]:
            parent = parent[step]
        parent[path[-1]] = value

    return change


def of(resource, *path):
    return ("Resources", resource, "Properties", *path)


@promise("the bucket is made, or an existing one sends its events through EventBridge",
         put("Other", *of("ObjectCreatedRule", "Targets", 0, "Arn", "Fn::GetAtt")))
def _(t):
    rule = properties(t, "ObjectCreatedRule")
    return (
        t["Resources"]["Bucket"]["Condition"] == "MakeBucket"
        and t["Resources"]["ObjectCreatedRule"]["Condition"] == "UseExistingBucket"
        and rule["EventPattern"]["detail"]["object"]["key"] == [{"prefix": "incoming/"}]
        and rule["Targets"][0]["Arn"] == {"Fn::GetAtt": "Queue.Arn"}
        and "DeadLetterConfig" in rule["Targets"][0]
    )


@promise("bucket, queues and topic refuse what is not TLS; the bucket also what is older than 1.2",
         delete(*of("DeadLetterQueuePolicy", "PolicyDocument", "Statement", 0)))
def _(t):
    def denies(name):
        return any(
            s["Effect"] == "Deny" and s.get("Condition") == {"Bool": {"aws:SecureTransport": False}} and s["Principal"] == "*"
            for s in statements(t, name)
        )

    policies = ("BucketPolicy", "QueuePolicy", "DeadLetterQueuePolicy", "AlarmTopicPolicy")
    old = [s for s in statements(t, "BucketPolicy") if s.get("Condition") == {"NumericLessThan": {"s3:TlsVersion": 1.2}}]
    return all(map(denies, policies)) and len(old) == 1


@promise("the bucket is closed to the public, and has versions", put(False, *of("Bucket", "PublicAccessBlockConfiguration", "BlockPublicPolicy")))
def _(t):
    bucket = properties(t, "Bucket")
    closed = bucket["PublicAccessBlockConfiguration"]
    return len(closed) == 4 and all(closed.values()) and bucket["VersioningConfiguration"] == {"Status": "Enabled"}


@promise("exported files and reports expire, the state does not, and old versions of all do",
         put(30, *of("Bucket", "LifecycleConfiguration", "Rules", 2, "ExpirationInDays")))
def _(t):
    rules = {rule.get("Prefix"): rule for rule in properties(t, "Bucket")["LifecycleConfiguration"]["Rules"]}
    prefixes = {"incoming/", "reports/", "state/", "config/"}
    return (
        set(rules) == prefixes | {None}
        and {p for p in prefixes if "ExpirationInDays" in rules[p]} == {"incoming/", "reports/"}
        and all(rules[p]["NoncurrentVersionExpiration"]["NoncurrentDays"] > 0 for p in prefixes)
        and rules[None]["ExpiredObjectDeleteMarker"] is True
        and rules[None]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] > 0
        and all(rule["Status"] == "Enabled" for rule in rules.values())
    )


@promise("a customer's KMS key encrypts bucket, queues, secret, topic, logs, environment and schedule",
         delete(*of("AlarmTopic", "KmsMasterKeyId")))
def _(t):
    wants = {
        "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SecretsManager::Secret", "AWS::SNS::Topic", "AWS::Logs::LogGroup",
    }
    uses = '{"Ref": "KmsKeyArn"}'
    encrypted = [r for r in t["Resources"].values() if r["Type"] in wants]
    schedule = properties(t, "ScheduledFunction")["Events"]["Schedule"]
    return (
        len(encrypted) >= 8
        and all(uses in json.dumps(r) for r in encrypted)
        and uses in json.dumps(t["Globals"]["Function"]["KmsKeyArn"])
        and uses in json.dumps(schedule)
    )


@promise("without a key of the customer, bucket and queues are encrypted all the same", delete(*of("Queue", "SqsManagedSseEnabled")))
def _(t):
    rules = properties(t, "Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    queues = [properties(t, name)["SqsManagedSseEnabled"]["Fn::If"] for name in ("Queue", "DeadLetterQueue")
              if "SqsManagedSseEnabled" in properties(t, name)]
    return "AES256" in json.dumps(rules[0]["Fn::If"][2]) and [q[2] for q in queues] == [True, True]


@promise("a message is hidden for six times the function's time", put(899, "Mappings", "Time", "300", "Visibility"))
def _(t):
    times = t["Mappings"]["Time"]
    return (
        set(times) == set(t["Parameters"]["FunctionTimeout"]["AllowedValues"])
        and all(entry["Visibility"] >= 6 * int(time) for time, entry in times.items())
        and properties(t, "Queue")["VisibilityTimeout"]["Fn::FindInMap"][0] == "Time"
    )


@promise("messages that fail rest in the dead-letter queue, which keeps them as long as a queue can",
         put("Queue.Arn", *of("Queue", "RedrivePolicy", "deadLetterTargetArn", "Fn::GetAtt")))
def _(t):
    redrive = properties(t, "Queue")["RedrivePolicy"]
    return (
        redrive["deadLetterTargetArn"] == {"Fn::GetAtt": "DeadLetterQueue.Arn"}
        and redrive["maxReceiveCount"] >= 5
        and properties(t, "DeadLetterQueue")["MessageRetentionPeriod"] == 1209600
    )


@promise("a batch answers with its failed messages alone, and concurrency is limited",
         delete(*of("ObjectCreatedFunction", "Events", "Queue", "Properties", "ScalingConfig")))
def _(t):
    event = properties(t, "ObjectCreatedFunction")["Events"]["Queue"]["Properties"]
    return (
        event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        and event.get("ScalingConfig") == {"MaximumConcurrency": {"Ref": "MaximumConcurrency"}}
        and all("ReservedConcurrentExecutions" in properties(t, f) for f in FUNCTIONS)
    )


@promise("the schedule has a time zone, a flexible window, retries, a dead-letter queue, and is on or off",
         delete(*of("ScheduledFunction", "Events", "Schedule", "Properties", "DeadLetterConfig")))
def _(t):
    schedule = properties(t, "ScheduledFunction")["Events"]["Schedule"]
    given = schedule["Properties"]
    return (
        schedule["Type"] == "ScheduleV2"
        and given["ScheduleExpressionTimezone"] == {"Ref": "ScheduleTimezone"}
        and given["State"] == {"Ref": "ScheduleState"}
        and given["FlexibleTimeWindow"]["Fn::If"][0] == "HasScheduleWindow"
        and given["RetryPolicy"]["MaximumRetryAttempts"] > 0
        and given.get("DeadLetterConfig") == {"Arn": {"Fn::GetAtt": "DeadLetterQueue.Arn"}}
    )


@promise("the secret is made empty or named by its ARN, and no parameter takes a key", put({"Type": "String", "NoEcho": True}, "Parameters", "ApiKey"))
def _(t):
    secret = properties(t, "ConnectionSecret")
    public = {"SecretArns", "SourceSecretArns", "KmsKeyArn", "FurtherKeyArns", "SftpPublicKey", "ConfigKey"}
    return (
        not {"SecretString", "GenerateSecretString"} & set(secret)
        and {name for name in t["Parameters"] if re.search("key|secret|password|token", name, re.IGNORECASE)} == public
        and not any(parameter.get("NoEcho") for parameter in t["Parameters"].values())
    )


@promise("the bucket with its policy and the secret outlive the stack", delete("Resources", "BucketPolicy", "DeletionPolicy"))
def _(t):
    return all(
        t["Resources"][name].get("DeletionPolicy") == "RetainExceptOnCreate" and t["Resources"][name]["UpdateReplacePolicy"] == "Retain"
        for name in ("Bucket", "BucketPolicy", "ConnectionSecret")
    )


@promise("an empty public key cannot delete the SFTP server, and no parameter replaces it", put("off", "Rules", "SftpEndpointHasKey", "RuleCondition", "Fn::Equals", 1))
def _(t):
    rule = t["Rules"]["SftpEndpointHasKey"]
    return (
        rule["RuleCondition"] == t["Conditions"]["MakeSftpEndpoint"] == {"Fn::Equals": [{"Ref": "SftpEndpoint"}, "on"]}
        and rule["Assertions"][0]["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "SftpPublicKey"}, ""]}]}
        and {"Ref": "SftpPublicKey"} not in properties(t, "SftpServer").values()
        and {"Domain", "IdentityProviderType", "EndpointType"} <= {k for k, v in properties(t, "SftpServer").items() if isinstance(v, str)}
    )


@promise("the stack's secret is handed to the functions", delete("Globals", "Function", "Environment", "Variables", "SECRET_ARNS"))
def _(t):
    given = t["Globals"]["Function"]["Environment"]["Variables"].get("SECRET_ARNS")
    return given == {"Fn::If": ["MakeSecret", {"Ref": "ConnectionSecret"}, {"Fn::Join": [",", {"Ref": "SecretArns"}]}]}


@promise("each function has a role and a log group of its own, and is traced", put({"Fn::GetAtt": "ScheduledRole.Arn"}, *of("OnDemandFunction", "Role")))
def _(t):
    roles = {json.dumps(properties(t, f)["Role"]) for f in FUNCTIONS}
    groups = {properties(t, f)["LoggingConfig"]["LogGroup"]["Ref"] for f in FUNCTIONS}
    return len(roles) == 3 and len(groups) == 3 and t["Globals"]["Function"]["Tracing"] == "Active"


@promise("every log group forgets", delete(*of("SftpLogs", "RetentionInDays")))
def _(t):
    groups = [r["Properties"] for r in t["Resources"].values() if r["Type"] == "AWS::Logs::LogGroup"]
    return len(groups) == 4 and all(group.get("RetentionInDays") == {"Ref": "LogRetentionDays"} for group in groups)


@promise("no function's role has an action or a resource without bound, but for tracing and the interfaces in a VPC",
         put("*", *of("DeliveryPolicy", "PolicyDocument", "Statement", 2, "Resource")))
def _(t):
    documents = statements(t, "DeliveryPolicy")
    for role in ("ObjectCreatedRole", "ScheduledRole", "OnDemandRole"):
        documents += [s for p in properties(t, role)["Policies"] for s in p["PolicyDocument"]["Statement"]]
    actions = [a for s in documents for a in (s["Action"] if isinstance(s["Action"], list) else [s["Action"]])]
    unbound = {s["Sid"] for s in documents if s["Resource"] == "*"}
    return unbound == {"Trace", "AttachToTheVpc"} and not any("*" in action for action in actions)


@promise("the functions read exports of segments below the prefix alone, and only with a bucket for them",
         delete("Conditions", "HasAuditBucket"))
def _(t):
    found = [s["Fn::If"] for s in properties(t, "DeliveryPolicy")["PolicyDocument"]["Statement"] if s.get("Fn::If", [""])[0] == "HasAuditBucket"]
    return (
        "HasAuditBucket" in t["Conditions"]
        and [(one["Action"], one["Resource"]["Fn::Sub"].split(":::")[1]) for _, one, _ in found]
        == [("s3:ListBucket", "${AuditBucket}"), ("s3:GetObject", "${AuditBucket}/${AuditPrefix}segment-export/*")]
        and found[0][1]["Condition"] == {"StringLike": {"s3:prefix": {"Fn::Sub": "${AuditPrefix}segment-export/*"}}}
    )


@promise("alarms: dead letters, errors, failed deliveries, rejected share, unaccounted rows, held runs, old messages, no delivery",
         delete(*of("DeadLettersAlarm", "AlarmActions")))
def _(t):
    watched = {
        "DeadLettersAlarm": "ApproximateNumberOfMessagesVisible", "FunctionErrorsAlarm": "Errors",
        "FailedDeliveriesAlarm": "SegmentsFailing", "RejectedRowsAlarm": "RowsRejected",
        "UnaccountedRowsAlarm": "UnaccountedRows", "HeldRunsAlarm": "SegmentsHeld",
        "SupersededRunsAlarm": "SegmentsSuperseded", "OverdueSegmentsAlarm": "SegmentsOverdue", "WaitingRunsAlarm": "OldestWaitingHours",
        "OldestMessageAlarm": "ApproximateAgeOfOldestMessage", "NoDeliveryAlarm": "DeliveriesDelivered",
    }
    alarms = {name: r["Properties"] for name, r in t["Resources"].items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    topic = [{"Ref": "AlarmTopic"}]
    notifies = lambda name: None if name in OF_SEGMENTS else topic
    return set(watched) <= set(alarms) and all(
        alarm.get("AlarmActions") == notifies(name) and f'"{watched.get(name, "MetricName")}"' in json.dumps(alarm)
        for name, alarm in alarms.items()
    )


@promise("people are notified of segments by the scheduled function, which alone may publish, to the one topic",
         put("sns:*", *of("ScheduledRole", "Policies", 0, "PolicyDocument", "Statement", 1, "Action")))
def _(t):
    publishes = lambda r: [s for p in r.get("Properties", {}).get("Policies", []) for s in p["PolicyDocument"]["Statement"]
                           if "sns:" in json.dumps(s.get("Action"))]
    may = {name: publishes(r) for name, r in t["Resources"].items() if r["Type"] == "AWS::IAM::Role" and publishes(r)}
    variables = properties(t, "ScheduledFunction")["Environment"]["Variables"]
    return (
        list(may) == ["ScheduledRole"]
        and [(s["Action"], s["Resource"]) for s in may["ScheduledRole"]] == [("sns:Publish", {"Ref": "AlarmTopic"})]
        and variables["ALARM_TOPIC_ARN"] == {"Ref": "AlarmTopic"}
        and variables["MESSAGES"] == {"Ref": "Messages"}
    )


@promise("alarms about segments last until a scheduled invocation says that the cause is gone",
         put("notBreaching", *of("HeldRunsAlarm", "TreatMissingData")))
def _(t):
    alarms = [properties(t, name) for name in OF_SEGMENTS]
    return all((a["TreatMissingData"], a["Statistic"], a["EvaluationPeriods"]) == ("ignore", "Maximum", 1) for a in alarms)


@promise("the other alarms about deliveries last for a day, so that one cause is not many messages",
         put(1, *of("FunctionErrorsAlarm", "EvaluationPeriods")))
def _(t):
    alarms = [properties(t, f"{name}Alarm") for name in ("FunctionErrors", "UnaccountedRows", "RejectedRows")]
    seconds = lambda a: a.get("Period") or max(m["MetricStat"]["Period"] for m in a["Metrics"] if "MetricStat" in m)
    return all(seconds(a) * a["EvaluationPeriods"] == 86400 and a["DatapointsToAlarm"] == 1 for a in alarms)


@promise("the dashboard shows profiles, share of the rate, members, rejected by reason, 429s and duration against the limit",
         put(["{}"], *of("Dashboard", "DashboardBody", "Fn::Sub")))
def _(t):
    body = properties(t, "Dashboard")["DashboardBody"]["Fn::Sub"][0]
    return all(part in body for part in (
        "Profiles accepted by Braze, per minute", "RateLimitShare", "Members of each segment", "Rejected rows by reason",
        "RateLimited", "Duration of the functions against their limit",
    ))


@promise("contributors start the alias alone, and see reports but no key, file, state or rejected row",
         put({"Fn::GetAtt": "OnDemandFunction.Arn"}, *of("ContributorsPolicy", "PolicyDocument", "Statement", 0, "Resource")))
def _(t):
    given = statements(t, "ContributorsPolicy")
    actions = {a for s in given for a in (s["Action"] if isinstance(s["Action"], list) else [s["Action"]])}
    starts = [s["Resource"] for s in given if s["Action"] == "lambda:InvokeFunction"]
    read = [r["Fn::Sub"][0].split("${Name}")[1] for s in given if s["Action"] == "s3:GetObject" for r in s["Resource"]]
    return (
        starts == [{"Ref": "ContributorsAlias"}]
        and properties(t, "ContributorsAlias")["Name"] == "contributors"
        and read and all(re.fullmatch(r"/reports/\*/(report\.json|[\w-]+\.html)", r) for r in read)
        and actions <= {
            "lambda:InvokeFunction", "s3:ListBucket", "s3:GetObject", "cloudwatch:GetDashboard", "cloudwatch:GetMetricData",
            "cloudwatch:ListMetrics", "cloudwatch:DescribeAlarms", "logs:StartQuery", "logs:GetLogGroupFields",
            "logs:GetQueryResults", "kms:Decrypt",
        }
    )


@promise("the SFTP endpoint takes ED25519 keys, has a current security policy, and tells its price",
         delete(*of("SftpServer", "SecurityPolicyName")))
def _(t):
    parameter, server = t["Parameters"]["SftpPublicKey"], properties(t, "SftpServer")
    policy = re.fullmatch(r"TransferSecurityPolicy-(\d{4})-\d\d", server.get("SecurityPolicyName", ""))
    parts = [r for name, r in t["Resources"].items() if name.startswith("Sftp")]
    return (
        re.match(parameter["AllowedPattern"], "ssh-ed25519 AAAA customer-insights")
        and "ED25519" in parameter["Description"] and "USD 216" in t["Parameters"]["SftpEndpoint"]["Description"]
        and policy and int(policy[1]) >= 2024
        and len(parts) == 5 and all(r["Condition"] == "MakeSftpEndpoint" for r in parts)
        and "/incoming" in json.dumps(properties(t, "SftpUser")["HomeDirectoryMappings"])
    )


@promise("every parameter is explained, named and in a group of the console", delete("Parameters", "LogLevel", "Description"))
def _(t):
    console = t["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in console["ParameterGroups"] for name in group["Parameters"]]
    return (
        sorted(grouped) == sorted(t["Parameters"]) == sorted(console["ParameterLabels"])
        and all(len(parameter.get("Description", "")) > 20 for parameter in t["Parameters"].values())
    )


@promise("the Serverless Application Repository finds name, licence, documentation and the version of Cargo.toml",
         put("0.0.0", "Metadata", "AWS::ServerlessRepo::Application", "SemanticVersion"))
def _(t):
    entry = t["Metadata"]["AWS::ServerlessRepo::Application"]
    version = re.search(r'^version = "(.+)"', (ROOT / "Cargo.toml").read_text(), flags=re.MULTILINE)[1]
    return (
        re.fullmatch(r"[a-zA-Z0-9-]{1,140}", entry["Name"])
        and len(entry["Description"]) <= 256 and 1 <= len(entry["Author"]) <= 127
        and entry["SpdxLicenseId"] in (ROOT / "Cargo.toml").read_text()
        and (ROOT / entry["LicenseUrl"]).is_file() and (ROOT / entry["ReadmeUrl"]).is_file()
        and 1 <= len(entry["Labels"]) <= 10 and all(re.fullmatch(r"[a-zA-Z0-9+\-_:/@]{1,127}", label) for label in entry["Labels"])
        and entry["SemanticVersion"] == version
        and entry.get("HomePageUrl", "").startswith("https://") and entry.get("SourceCodeUrl", "").startswith("https://")
    )


def main():
    template = yaml.load((ROOT / "template.yaml").read_text(), Template)
    failed = False
    for text, holds, breaks in PROMISES:
        kept = bool(holds(template))
        broken = copy.deepcopy(template)
        breaks(broken)
        idle = bool(holds(broken))
        failed |= not kept or idle
        print(f"  {'kept' if kept else 'NOT KEPT'}{', and would be kept if it were broken' if idle else ''}: {text}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
