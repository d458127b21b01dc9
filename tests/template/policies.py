"""Prints what the role of each function allows, as JSON, for the test that compares it with the calls that they make.

{"object_created": [{"sid": "…", "action": "s3:PutObject", "resource": "Bucket/state/*", "prefixes": ["…"]}, …], …}

One entry for each action and resource. A resource reads as its logical name, with the path in it where it has one;
`prefixes` are those that a condition admits.
"""

import json
import re
import sys
from pathlib import Path

from emulator import Decided
from translate import translate

ROOT = Path(__file__).resolve().parents[2]
ROLES = {"object_created": "ObjectCreatedRole", "scheduled": "ScheduledRole", "on_demand": "OnDemandRole"}


def shown(value):
    """A reference, or a text with references in it, as text."""
    if isinstance(value, str):
        return value
    [(function, argument)] = value.items()
    if function == "Ref":
        return argument
    if function == "Fn::GetAtt":
        return argument[0] if isinstance(argument, list) else argument.split(".")[0]
    if function == "Fn::Sub":
        text, further = argument if isinstance(argument, list) else (argument, {})
        text = re.sub(r"\$\{([^}]+)\}", lambda name: shown(further.get(name[1], name[1])), text)
        return re.sub(r"^arn:AWS::Partition:s3:::", "", text)
    sys.exit(f"policies.py: {value} is not understood")


def listed(value):
    return value if isinstance(value, list) else [value]


def entries(statement):
    assert statement["Effect"] == "Allow", statement
    [prefixes] = [list(test.values())[0] for test in statement.get("Condition", {}).values()] or [[]]
    return [
        {"sid": statement["Sid"], "action": action, "resource": shown(resource), "prefixes": [shown(prefix) for prefix in listed(prefixes)]}
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def main():
    # With a key of the customer, with bucket and secret made by the stack, and with a bucket that Braze exports to: all that a
    # role can hold.
    key = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    resources = Decided(translate(ROOT / "template.yaml"), {"KmsKeyArn": key, "AuditBucket": "company-exports"}).template["Resources"]
    allowed = {}
    for function, role in ROLES.items():
        properties = resources[role]["Properties"]
        documents = [resources[shown(policy)]["Properties"]["PolicyDocument"] for policy in properties["ManagedPolicyArns"]]
        documents += [policy["PolicyDocument"] for policy in properties["Policies"]]
        allowed[function] = [entry for document in documents for statement in document["Statement"] for entry in entries(statement)]
    print(json.dumps(allowed))


if __name__ == "__main__":
    main()
