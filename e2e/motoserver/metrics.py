# Metric filters and alarms, which moto keeps but does not evaluate (see sitecustomize.py). Of both, what AWS documents
# as far as our stacks use it; anything else raises an error.
import json
import re

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends
from moto.core.utils import utcnow
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogsBackend

_TOKEN = re.compile(r'\s*([{}()]|&&|\|\||!=|=|NOT EXISTS|\$(?:\.\w+)+|"[^"]*")')


# A filter pattern for JSON: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html.
class Pattern:
    def __init__(self, text):
        self.tokens = []
        at = 0
        while text[at:].strip():
            token = _TOKEN.match(text, at)
            if not token:
                raise NotImplementedError("the filter pattern " + text[at:])
            self.tokens.append(token.group(1))
            at = token.end()

    def matches(self, message):
        try:
            self.event = json.loads(message)
        except ValueError:
            return False
        self.rest = list(self.tokens)
        self._take("{")
        result = self._either()
        self._take("}")
        return result and not self.rest

    def _take(self, token=None):
        if not self.rest or token and self.rest[0] != token:
            raise NotImplementedError("the filter pattern " + " ".join(self.tokens))
        return self.rest.pop(0)

    def _either(self):
        result = self._all()
        while self.rest[:1] == ["||"]:
            self._take()
            result = self._all() or result
        return result

    def _all(self):
        result = self._one()
        while self.rest[:1] == ["&&"]:
            self._take()
            result = self._one() and result
        return result

    def _one(self):
        if self.rest[:1] == ["("]:
            self._take()
            result = self._either()
            self._take(")")
            return result
        value = self.event
        for name in self._take().split(".")[1:]:
            value = value.get(name) if isinstance(value, dict) else None
        operator = self._take()
        if operator == "NOT EXISTS":
            return value is None
        text = re.escape(json.loads(self._take())).replace(r"\*", ".*")
        return value is not None and (re.fullmatch(text, str(value)) is not None) == (operator == "=")


# A filter of the same name is replaced.
_add_filter = MetricFilters.add_filter


def add_filter(self, filter_name, filter_pattern, log_group_name, metric_transformations):
    self.delete_filter(filter_name, log_group_name)
    _add_filter(self, filter_name, filter_pattern, log_group_name, metric_transformations)


MetricFilters.add_filter = add_filter


# What a filter finds is a metric.
_put_log_events = LogsBackend.put_log_events


def put_log_events(self, log_group_name, log_stream_name, log_events):
    result = _put_log_events(self, log_group_name, log_stream_name, log_events)
    for found in self.filters.get_matching_filters(log_group_name=log_group_name):
        pattern = Pattern(found["filterPattern"])
        for event in log_events:
            if pattern.matches(event["message"]):
                for to in found["metricTransformations"]:
                    cloudwatch_backends[self.account_id][self.region_name].put_metric_data(
                        to["metricNamespace"], [{"MetricName": to["metricName"], "Value": float(to["metricValue"])}]
                    )
    return result


LogsBackend.put_log_events = put_log_events


# An alarm on a sum fires when the metric says so. Silence does not: nothing here runs by itself.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
_put_metric_data = CloudWatchBackend.put_metric_data


def put_metric_data(self, namespace, metric_data):
    _put_metric_data(self, namespace, metric_data)
    for alarm in list(self.alarms.values()):
        if (alarm.namespace, alarm.statistic, alarm.comparison_operator) != (namespace, "Sum", "GreaterThanThreshold"):
            continue
        total = sum(
            m.value
            for m in self.metric_data
            if m.name == alarm.metric_name and (utcnow() - m.timestamp).total_seconds() < int(alarm.period)
        )
        if total > float(alarm.threshold):
            self.set_alarm_state(alarm.name, "Threshold Crossed", "{}", "ALARM")


CloudWatchBackend.put_metric_data = put_metric_data
