# Python runs this at start, before moto_server (see motoserver.go). It corrects the pinned moto.
import importlib.metadata
import json
import os
import sys
import time

_version = importlib.metadata.version("moto")
if _version != os.environ["MOTO_WANTED"]:
    sys.exit("moto %s is installed, and the tests need %s: make .venv/installed" % (_version, os.environ["MOTO_WANTED"]))

from moto.awslambda.models import LambdaFunction
from moto.cloudwatch.models import CloudWatchBackend
from moto.events.models import Rule, events_backends
from moto.events.utils import EventTemplateParser
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceExistsException,
)
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend
from moto.sns.models import sns_backends


# moto forgets which key a secret's replica is encrypted under, so a program that sets one would find a
# difference after every deployment.
_create_replicas = FakeSecret.create_replicas


def create_replicas(self, replica_regions, force_overwrite):
    replicas = _create_replicas(self, replica_regions, force_overwrite)
    for replica, requested in zip(replicas, replica_regions):
        if "KmsKeyId" in requested:
            replica.config["KmsKeyId"] = requested["KmsKeyId"]
    return replicas


FakeSecret.create_replicas = create_replicas


# The rest is what AWS says of versions: https://docs.aws.amazon.com/secretsmanager/latest/apireference/


# The default is always the version with AWSCURRENT, also after UpdateSecretVersionStage.
def _current(self):
    return next((i for i, v in self.versions.items() if "AWSCURRENT" in v["version_stages"]), None)


FakeSecret.default_version_id = property(_current, lambda self, version_id: None)


# PutSecretValue never replaces a pending version's value.
_put_secret_value = SecretsManagerBackend.put_secret_value


def put_secret_value(self, secret_id, secret_string, secret_binary, client_request_token, version_stages):
    secret = self.secrets.get(secret_id)
    version = secret.versions.get(client_request_token, {}) if secret else {}
    if "secret_string" in version or "secret_binary" in version:
        if version.get("secret_string") != secret_string or version.get("secret_binary") != secret_binary:
            raise ResourceExistsException(f"The version {client_request_token} has another value.")
        return secret.to_short_dict(include_version_stages=True, version_id=client_request_token)
    return _put_secret_value(self, secret_id, secret_string, secret_binary, client_request_token, version_stages)


SecretsManagerBackend.put_secret_value = put_secret_value


# UpdateSecretVersionStage attaches a label that no version has, AWSCURRENT too; it refuses to take one from a
# version by the way.
_update_secret_version_stage = SecretsManagerBackend.update_secret_version_stage


def update_secret_version_stage(self, secret_id, version_stage, remove_from_version_id, move_to_version_id):
    secret = self.secrets.get(secret_id)
    versions = secret.versions if secret else {}
    holder = next((i for i, v in versions.items() if version_stage in v["version_stages"]), None)
    if holder and not remove_from_version_id:
        raise InvalidParameterException(f"Staging label {version_stage} is currently attached to version {holder}.")
    if version_stage == "AWSCURRENT" and not holder and not remove_from_version_id and move_to_version_id in versions:
        versions[move_to_version_id]["version_stages"].append(version_stage)
        return secret.arn, secret.name
    return _update_secret_version_stage(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)


SecretsManagerBackend.update_secret_version_stage = update_secret_version_stage


# RotateSecret begins a rotation: it adds a pending version without a value, also to a secret that has none. The
# function is left to the test to run (see lambdaruntime), and it alone makes the version current.
def rotate_secret(
    self, secret_id, client_request_token=None, rotation_lambda_arn=None, rotation_rules=None, rotate_immediately=True
):
    secret = self.describe_secret(secret_id)
    secret.rotation_lambda_arn = rotation_lambda_arn or secret.rotation_lambda_arn
    if not secret.rotation_lambda_arn:
        raise InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
    secret.auto_rotate_after_days = (rotation_rules or {}).get("AutomaticallyAfterDays", secret.auto_rotate_after_days)
    secret.rotation_requested = secret.rotation_enabled = True
    if rotate_immediately:
        if any(v["version_stages"] == ["AWSPENDING"] for v in secret.versions.values()):
            raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        version_id = self._from_client_request_token(client_request_token)
        secret.versions[version_id] = {
            "createdate": int(time.time()),
            "version_id": version_id,
            "version_stages": ["AWSPENDING"],
        }
    return secret.to_short_dict()


SecretsManagerBackend.rotate_secret = rotate_secret


# moto forgets where a function logs.
_get_configuration = LambdaFunction.get_configuration
_update_configuration = LambdaFunction.update_configuration
_init = LambdaFunction.__init__


def init(self, account_id, spec, region, version=1):
    self.logging_config = spec.get("LoggingConfig")
    _init(self, account_id, spec, region, version)


def get_configuration(self, on_create=False):
    configuration = _get_configuration(self, on_create)
    if self.logging_config:
        configuration["LoggingConfig"] = self.logging_config
    return configuration


def update_configuration(self, config_updates):
    self.logging_config = config_updates.get("LoggingConfig", self.logging_config)
    return _update_configuration(self, config_updates)


LambdaFunction.__init__ = init
LambdaFunction.get_configuration = get_configuration
LambdaFunction.update_configuration = update_configuration


# A template of a text has each of its lines in quotation marks, and a word for which the event has nothing is empty:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html.
_parse = EventTemplateParser.parse


def parse(input_template, input_paths_map, event):
    if not input_template or not input_template.startswith('"'):
        return _parse(input_template, input_paths_map, event)
    text = "\n".join(_parse(line, input_paths_map, event) for line in input_template.split("\n"))
    for word in input_paths_map:
        text = text.replace("<" + word + ">", "")
    return text


EventTemplateParser.parse = staticmethod(parse)


# Rules send events to topics too (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html), and one that
# has only a schedule sends none.
_send_to_targets = Rule.send_to_targets


def send_to_targets(self, original_event, transform_input=True):
    if not self.event_pattern.get_pattern() or not self.event_pattern.matches_event(original_event):
        return
    targets = self.targets
    topics = [t for t in targets if ":sns:" in t["Arn"]]
    for target in topics:
        transformer = target.get("InputTransformer", {})
        message = EventTemplateParser.parse(
            transformer.get("InputTemplate"), transformer.get("InputPathsMap", {}), original_event
        )
        text = message if isinstance(message, str) else json.dumps(message)
        sns_backends[self.account_id][self.region_name].publish(text, target["Arn"])
    self.targets = [t for t in targets if t not in topics]
    try:
        _send_to_targets(self, original_event, transform_input)
    finally:
        self.targets = targets


Rule.send_to_targets = send_to_targets


# SetAlarmState takes the alarm's actions and tells the event bus:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html.
_set_alarm_state = CloudWatchBackend.set_alarm_state


def set_alarm_state(self, alarm_name, reason, reason_data, state_value):
    before = self.alarms[alarm_name].state_value if alarm_name in self.alarms else None
    _set_alarm_state(self, alarm_name, reason, reason_data, state_value)
    alarm = self.alarms[alarm_name]
    if before == state_value:
        return
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "NewStateValue": state_value,
        "NewStateReason": reason,
        "OldStateValue": before,
        "AlarmArn": alarm.alarm_arn,
    }
    actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(state_value, alarm.insufficient_data_actions)
    for action in actions if alarm.actions_enabled else []:
        sns_backends[self.account_id][self.region_name].publish(json.dumps(message), action)
    detail = {
        "alarmName": alarm.name,
        "configuration": {"description": alarm.description},
        "previousState": {"value": before},
        "state": {"value": state_value, "reason": reason},
    }
    events_backends[self.account_id][self.region_name].put_events(
        [
            {
                "Source": "aws.cloudwatch",
                "DetailType": "CloudWatch Alarm State Change",
                "Resources": [alarm.alarm_arn],
                "Detail": json.dumps(detail),
            }
        ]
    )


CloudWatchBackend.set_alarm_state = set_alarm_state


import metrics  # noqa: E402, F401 (after the corrections that it calls)
