"""Checks what no linter knows: metric names, the dashboard's references, physical names, and roles.

Run by tests/template/check with the Python of its virtual environment. Prints what it compared; exits 1 on a mistake.
"""

import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "InsightsToBraze"
# The names of resources that would collide when a second stack is made in the same account.
PHYSICAL_NAMES = {
    "AlarmName", "BucketName", "DashboardName", "FunctionName", "LogGroupName", "ManagedPolicyName", "QueueName",
    "RoleName", "TopicName",
}
FUNCTIONS = {"ObjectCreatedFunction": "object_created", "ScheduledFunction": "scheduled", "OnDemandFunction": "on_demand"}


class Template(yaml.SafeLoader):
    """Reads YAML with CloudFormation's short forms: !Ref x becomes {"Ref": "x"}."""


def short_form(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Template.add_multi_constructor("!", short_form)


def alarms(template):
    """The metrics of the own namespace that alarms watch."""
    names = set()
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::CloudWatch::Alarm":
            continue
        properties = resource["Properties"]
        single = [properties] if "MetricName" in properties else []
        several = [m["MetricStat"]["Metric"] for m in properties.get("Metrics", []) if "MetricStat" in m]
        names |= {m["MetricName"] for m in single + several if m["Namespace"] == NAMESPACE}
    return names


def dashboard(template):
    """The dashboard as CloudWatch gets it, with a stand-in for each substitution."""
    text = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
    references = set(re.findall(r"\$\{([A-Za-z]+)(?:\.[A-Za-z]+)?\}", text))
    return json.loads(re.sub(r"\$\{[^}]+\}", "1", text)), references


def widget_metrics(body):
    """The metrics of the own namespace that widgets show, and the dimensions that their searches ask for."""
    names, dimensions = set(), set()
    for widget in body["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            if metric[0] == NAMESPACE:
                names.add(metric[1])
            elif isinstance(metric[0], dict):
                found = re.search(r"\{(\w+),([\w,]+)\} MetricName=\"(\w+)\"", metric[0]["expression"])
                if found is None or found[1] != NAMESPACE:
                    raise SystemExit(f"dashboard: search not understood: {metric[0]['expression']}")
                dimensions.add(found[2])
                names.add(found[3])
    return names, dimensions


def without_stack(template, body):
    """The alarms and widgets that watch an own metric without the dimension of the stack."""
    def metrics(properties):
        yield properties
        yield from (m["MetricStat"]["Metric"] for m in properties.get("Metrics", []) if "MetricStat" in m)

    for name, resource in template["Resources"].items():
        for metric in metrics(resource["Properties"]):
            if metric.get("Namespace") == NAMESPACE and '{"Name": "Stack", "Value": {"Ref": "AWS::StackName"}}' not in json.dumps(metric):
                yield name
    for widget in body["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            if (metric[0] == NAMESPACE and metric[2:3] != ["Stack"]) or (isinstance(metric[0], dict) and "Stack=" not in json.dumps(metric)):
                yield widget["properties"]["title"]


def documented():
    """The metrics in the tables of docs/operate.md."""
    text = (ROOT / "docs/operate.md").read_text()
    sections = [section for section in text.split("\n## ") if section.startswith("Metrics")]
    return set(re.findall(r"^\| `(\w+)` \|", "\n".join(sections), flags=re.MULTILINE))


def main():
    template = yaml.load((ROOT / "template.yaml").read_text(), Template)
    resources = template["Resources"]
    mistakes = []

    body, references = dashboard(template)
    shown, dimensions = widget_metrics(body)
    used, known = alarms(template) | shown, documented()
    if not used or not known:
        mistakes.append("no metrics found in the template or in docs/operate.md")
    for name in sorted(used - known):
        mistakes.append(f"metric {name} is used in template.yaml and missing in docs/operate.md")
    if not dimensions <= {"Stack,Export", "Stack,Export,Segment"}:
        mistakes.append(f"the dashboard searches by {dimensions}; metrics are written by Stack,Export and Stack,Export,Segment")
    mistakes += [f"{name} counts other stacks too: it has no dimension Stack" for name in without_stack(template, body)]
    for name in sorted(references - set(resources) - {"AWS", "TimeoutMilliseconds"}):
        mistakes.append(f"the dashboard refers to {name}, which is no resource")

    for name, resource in resources.items():
        for fixed in PHYSICAL_NAMES & set(resource.get("Properties", {})):
            # An alias names the function that it belongs to; a name made of the stack's is the stack's own.
            value = resource["Properties"][fixed]
            of_stack = isinstance(value, dict) and str(value.get("Fn::Sub")).startswith("${AWS::StackName}")
            if value in [{"Ref": other} for other in resources] or of_stack:
                continue
            mistakes.append(f"{name} has a fixed name ({fixed}); two stacks could not live in one account")

    manifest = (ROOT / "Cargo.toml").read_text()
    for function, binary in FUNCTIONS.items():
        metadata = resources[function]["Metadata"]
        if metadata["BuildProperties"]["Binary"] != binary or f'name = "{binary}"' not in manifest:
            mistakes.append(f"{function} is not built from the binary {binary} of Cargo.toml")

    described = (ROOT / "events/README.md").read_text()
    samples = sorted(p.name for p in (ROOT / "events").glob("*.json"))
    for sample in samples:
        json.loads((ROOT / "events" / sample).read_text())
        if f"`{sample}`" not in described:
            mistakes.append(f"events/{sample} is not described in events/README.md")

    operate = (ROOT / "docs/operate.md").read_text()
    for name, resource in resources.items():
        if resource["Type"] == "AWS::CloudWatch::Alarm" and f"`{name}`" not in operate:
            mistakes.append(f"{name} is not explained in docs/operate.md")

    for mistake in mistakes:
        print(f"  {mistake}")
    print(f"  {len(used)} metrics used of {len(known)} documented, {len(body['widgets'])} widgets, {len(samples)} sample events")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
