"""Translates template.yaml to plain CloudFormation, as AWS does when it deploys.

usage: translate.py TEMPLATE [BUCKET]

Prints JSON. BUCKET stands for the bucket that `sam package` would upload the functions' code to.
"""

import json
import os
import sys
from pathlib import Path

# The translator asks AWS for nothing, but wants to know a region.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.public.exceptions import InvalidDocumentException  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


def translate(path, bucket="code"):
    """The CloudFormation template of the SAM template at `path`, as a dictionary."""
    template = yaml_parse(Path(path).read_text())
    template["Globals"]["Function"].pop("CodeUri", None)
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": f"{name}.zip"}
    parameters = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    # Only AWS may name the managed policies of an account; the roles here bring their own.
    return Translator(managed_policy_map={}, sam_parser=Parser()).translate(template, parameters)


if __name__ == "__main__":
    try:
        json.dump(translate(*sys.argv[1:]), sys.stdout, indent=1, default=str)
    except InvalidDocumentException as error:
        sys.exit("\n".join([error.message, *(cause.message for cause in error.causes)]))
