"""What an OTLP/HTTP request of metrics holds, by Heapster's names where those have a
truth: opentelemetry-proto 1.x, metrics/v1/metrics.proto and common/v1/common.proto.
"""

import json
import re

import strict_protobuf
from strict_protobuf import strict

ANY_VALUE = {1: ("string_value", "string", False)}  # strings alone are expected
KEY_VALUE = {1: ("key", "string", False), 2: ("value", ANY_VALUE, False)}
NUMBER_DATA_POINT = {
    2: ("start_time_unix_nano", "fixed64", False), 3: ("time_unix_nano", "fixed64", False),
    4: ("as_double", "double", False), 6: ("as_int", "sfixed64", False),
    7: ("attributes", KEY_VALUE, True)}
GAUGE = {1: ("data_points", NUMBER_DATA_POINT, True)}
SUM = {1: ("data_points", NUMBER_DATA_POINT, True), 2: ("aggregation_temporality", "uint", False),
       3: ("is_monotonic", "bool", False)}
METRIC = {1: ("name", "string", False), 2: ("description", "string", False),
          3: ("unit", "string", False), 5: ("gauge", GAUGE, False), 7: ("sum", SUM, False)}
SCOPE = {1: ("name", "string", False), 2: ("version", "string", False)}
SCOPE_METRICS = {1: ("scope", SCOPE, False), 2: ("metrics", METRIC, True)}
RESOURCE = {1: ("attributes", KEY_VALUE, True)}
RESOURCE_METRICS = {1: ("resource", RESOURCE, False), 2: ("scope_metrics", SCOPE_METRICS, True)}
EXPORT_REQUEST = {1: ("resource_metrics", RESOURCE_METRICS, True)}

# What the collector's receivers call it, its unit, and how many of Heapster's that is.
OTLP_NAMES = {
    "cpu.time": ("cpu/usage", "s", 10**9), "cpu.usage": ("cpu/usage_rate", "{cpu}", 1000),
    "uptime": ("uptime", "s", 1000), "memory.usage": ("memory/usage", "By", 1),
    "memory.rss": ("memory/rss", "By", 1), "memory.working_set": ("memory/working_set", "By", 1),
    "memory.page_faults": ("memory/page_faults", "", 1),
    "memory.major_page_faults": ("memory/major_page_faults", "", 1),
    "network.io receive": ("network/rx", "By", 1), "network.io transmit": ("network/tx", "By", 1),
    "network.errors receive": ("network/rx_errors", "", 1),
    "network.errors transmit": ("network/tx_errors", "", 1),
    "restarts": ("restart_count", "", 1), "cpu_request": ("cpu/request", "{cpu}", 1000),
    "cpu_limit": ("cpu/limit", "{cpu}", 1000), "memory_request": ("memory/request", "By", 1),
    "memory_limit": ("memory/limit", "By", 1)}
LABELLED = re.compile(r"filesystem|volume|disk|accelerator|gpu")


def attributes_of(message):
    attributes = {}
    for pair in message.get("attributes", []):
        strict(pair.get("key") and pair["key"] not in attributes, "attribute", pair)
        attributes[pair["key"]] = pair["value"]["string_value"]
    return attributes


def otlp_tags(attributes):
    tags = {"nodename": attributes.get("k8s.node.name", ""),
            "namespace_name": attributes.get("k8s.namespace.name", ""),
            "pod_name": attributes.get("k8s.pod.name", "")}
    if "k8s.container.name" in attributes:
        return dict(tags, type="pod_container", container_name=attributes["k8s.container.name"])
    if "container.name" in attributes:
        return dict(tags, type="sys_container", container_name=attributes["container.name"])
    return dict(tags, type="pod" if tags["pod_name"] else "node" if tags["nodename"] else
                "ns" if tags["namespace_name"] else "cluster")


def otlp_point(metric, point, tags):
    strict(("as_int" in point) != ("as_double" in point), "one value, not", point)
    strict(point["time_unix_nano"] % 10**9 == 0, "time", point)
    strict(point.get("start_time_unix_nano", 0) <= point["time_unix_nano"], "start", point)
    name = re.sub(r"^(k8s\.node|k8s\.pod|k8s\.container|container)\.", "", metric["name"])
    direction = attributes_of(point).get("direction")
    name += " " + direction if direction else ""
    value = point["as_int"] if "as_int" in point else point["as_double"]
    if name in OTLP_NAMES:
        name, unit, scale = OTLP_NAMES[name]
        strict(not unit or metric.get("unit") == unit, "unit of", metric["name"], metric.get("unit"))
        value = value * scale
        value = round(value) if name not in ("cpu/usage_rate",) else value
    else:
        tags = dict(tags, type="other")
    if LABELLED.search(metric["name"]):
        tags = dict(tags, resource_id=json.dumps(attributes_of(point)))
    return name, value, point["time_unix_nano"] // 10**9, tags


def otlp(path, headers, body):
    strict(path == "/v1/metrics", "path", path)
    strict(headers["content-type"] == "application/x-protobuf", "content type")
    points = []
    for resource in strict_protobuf.decode(EXPORT_REQUEST, body)["resource_metrics"]:
        tags = otlp_tags(attributes_of(resource["resource"]))
        for scope in resource["scope_metrics"]:
            strict(scope["scope"]["name"] == "skerry", "scope", scope["scope"])
            for metric in scope["metrics"]:
                strict(metric.get("name"), "a metric without a name")
                strict(("sum" in metric) != ("gauge" in metric), "one kind of data, not", metric)
                if "sum" in metric:
                    strict(metric["sum"].get("aggregation_temporality") == 2, "not cumulative")
                    strict(metric["sum"].get("is_monotonic"), "not monotonic")
                data = metric.get("sum") or metric["gauge"]
                strict(data.get("data_points"), "no points of", metric["name"])
                points += [otlp_point(metric, point, tags) for point in data["data_points"]]
    return points
