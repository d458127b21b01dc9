"""Runs ministack, an emulator of AWS that evaluates IAM policies, with what keeps the stack of template.yaml from being created.

Configured through the environment: AUTH, BIND_HOST, GATEWAY_PORT. The installed package is not changed:

- AWS::Transfer::Server and AWS::Transfer::User: the emulator has the service, but its CloudFormation does not know the types.
- AWS::CloudWatch::Alarm with `Metrics`: the emulator cannot compute expressions. It keeps the alarm with its first metric, so
  that the stack is complete; what the alarm computes is not tried.
- AWS::Lambda::EventSourceMapping: the emulator hands on the parameter MaximumConcurrency as text and then fails to compare it.
- AWS::SecretsManager::Secret: Ref gives the ARN, as documented, and a secret without SecretString has no value; the emulator
  gives the name, and an empty value.
- Conditions with Fn::Join of a list parameter: the emulator does not compute them.
- aws:SecureTransport is always true: requests come over plain HTTP from this machine, and would be denied by the policies of
  bucket, queues and topic.
"""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

from ministack.app import main
from ministack.core import iam_evaluator
from ministack.services import secretsmanager, transfer
from ministack.services.cloudformation import changesets, engine, handlers as operations, provisioners, stacks

origins = iam_evaluator._request_origin


class Secure:
    """Where a request comes from: its address, always over TLS."""

    set = origins.set

    @staticmethod
    def get():
        return origins.get()[0], True


iam_evaluator._request_origin = Secure
handlers = provisioners._RESOURCE_HANDLERS


evaluate = engine._evaluate_conditions


def joined(value, parameters):
    """A condition with each Fn::Join of a list parameter computed."""
    if isinstance(value, dict):
        if set(value) == {"Fn::Join"}:
            delimiter, parameter = value["Fn::Join"]
            return delimiter.join(str(parameters[parameter["Ref"]]["Value"]).split(","))
        return {key: joined(item, parameters) for key, item in value.items()}
    return [joined(item, parameters) for item in value] if isinstance(value, list) else value


def evaluate_joined(template, parameters):
    return evaluate({**template, "Conditions": joined(template.get("Conditions", {}), parameters)}, parameters)


for module in (engine, changesets, operations, stacks, provisioners):
    if hasattr(module, "_evaluate_conditions"):
        module._evaluate_conditions = evaluate_joined


def answer(response):
    status, _, body = response
    if status >= 300:
        raise ValueError(body)
    return json.loads(body)


def elsewhere(coroutine):
    """The result of `coroutine`, run in a thread with an event loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def create_server(logical_id, properties, stack):
    server = answer(elsewhere(transfer._create_server(properties)))["ServerId"]
    return server, {"ServerId": server}


def update_server(server, before, after, stack):
    if {k: before.get(k) for k in ("Domain", "IdentityProviderType")} != {k: after.get(k) for k in ("Domain", "IdentityProviderType")}:
        raise ValueError("AWS::Transfer::Server: this change replaces the server")
    return server, {"ServerId": server}


def create_user(logical_id, properties, stack):
    keys = properties.get("SshPublicKeys") or []
    answer(transfer._create_user({**properties, "SshPublicKeyBody": keys[0] if keys else ""}))
    return f"{properties['ServerId']}/{properties['UserName']}", {"UserName": properties["UserName"]}


def delete_user(user, properties):
    answer(transfer._delete_user({"ServerId": properties["ServerId"], "UserName": properties["UserName"]}))


def update_user(user, before, after, stack):
    delete_user(user, before)
    return create_user(user, after, stack)


def first_metric(properties):
    """An alarm of an expression as one of its first metric."""
    if "Metrics" not in properties:
        return properties
    stat = next(metric["MetricStat"] for metric in properties["Metrics"] if "MetricStat" in metric)
    rest = {key: value for key, value in properties.items() if key != "Metrics"}
    return {**rest, **stat["Metric"], "Statistic": stat["Stat"], "Period": stat["Period"]}


def numbers(properties):
    """An event source mapping whose limit is a number, not a text."""
    limit = properties.get("ScalingConfig", {}).get("MaximumConcurrency")
    return {**properties, "ScalingConfig": {"MaximumConcurrency": int(limit)}} if limit else properties


def changing(resource_type, change):
    """Applies `change` to the properties that the handlers of a type are given."""
    for action in ("create", "update"):
        def handle(*arguments, handler=handlers[resource_type][action], **named):
            return handler(*(change(a) if isinstance(a, dict) else a for a in arguments), **named)

        handlers[resource_type][action] = handle


def name_of(arn):
    return arn.split(":secret:")[1].rsplit("-", 1)[0]


def create_secret(logical_id, properties, stack):
    name, attributes = secret["create"](logical_id, properties, stack)
    secretsmanager._secrets[name]["Versions"].clear()
    return attributes["Arn"], attributes


def update_secret(arn, *arguments, **named):
    return arn, secret["update"](name_of(arn), *arguments, **named)[1]


secret = dict(handlers["AWS::SecretsManager::Secret"])
handlers["AWS::SecretsManager::Secret"].update(
    create=create_secret, update=update_secret, delete=lambda arn, properties: secret["delete"](name_of(arn), properties),
)
handlers["AWS::Transfer::Server"] = {
    "create": create_server, "update": update_server,
    "delete": lambda server, properties: answer(elsewhere(transfer._delete_server({"ServerId": server}))),
}
handlers["AWS::Transfer::User"] = {"create": create_user, "update": update_user, "delete": delete_user}
changing("AWS::CloudWatch::Alarm", first_metric)
changing("AWS::Lambda::EventSourceMapping", numbers)

if __name__ == "__main__":
    main()
