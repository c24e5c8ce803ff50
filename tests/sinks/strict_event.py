"""Events as Heapster's eventer sent them, read strictly into
{"uid", "count", "type", "reason", "message", "component", "kind", "name", "last"}.
"""

import datetime

from strict_json import read_json
from strict_protobuf import strict


def seconds_of(time):
    strict(time.endswith("Z"), "time", time)
    seconds = datetime.datetime.fromisoformat(time[:-1] + "+00:00").timestamp()
    strict(seconds > 1e9, "time", time)
    return seconds


def read_event(count, metadata, about, source, first, last, tags, text):
    """`text`: its type, reason and message."""
    strict(seconds_of(first) <= seconds_of(last), "times", first, last)
    strict(metadata["uid"] == tags["eventID"], "uid", metadata, tags)
    strict(about["kind"] and about["name"], "object", about)
    strict(("pod_name" in tags) == (about["kind"] == "Pod"), "tags", tags)
    strict(tags.get("pod_name", about["name"]) == about["name"], "tags", tags)
    strict(tags.get("pod_id", about.get("uid")) == about.get("uid"), "tags", tags)
    strict(text[0] in ("Normal", "Warning"), "type", text)
    return {"uid": metadata["uid"], "count": int(count), "type": text[0], "reason": text[1],
            "message": text[2], "component": source["component"], "kind": about["kind"],
            "name": about["name"], "last": seconds_of(last)}


def read_document(index, document):
    """Elasticsearch's."""
    strict(set(document) == {"Count", "Metadata", "InvolvedObject", "Source", "Message", "Reason",
                             "FirstOccurrenceTimestamp", "LastOccurrenceTimestamp", "Type",
                             "EventTags"}, "members", document)
    last = document["LastOccurrenceTimestamp"]
    strict(index == "heapster-" + last[:10].replace("-", "."), "index", index, "of", last)
    strict(document["EventTags"]["cluster_name"] == "default", document["EventTags"])
    return read_event(document["Count"], document["Metadata"], document["InvolvedObject"],
                      document["Source"], document["FirstOccurrenceTimestamp"], last,
                      document["EventTags"],
                      (document["Type"], document["Reason"], document["Message"]))


def read_message(value):
    """Kafka's: its time in seconds, and the event."""
    strict(set(value) == {"EventValue", "EventTimestamp", "EventTags"}, "members", value)
    event = read_json(value["EventValue"].encode())
    strict(event["lastTimestamp"] == value["EventTimestamp"], "time", value)
    return seconds_of(value["EventTimestamp"]), read_event(
        event["count"], event["metadata"], event["involvedObject"], event["source"],
        event["firstTimestamp"], event["lastTimestamp"], value["EventTags"],
        (event["type"], event["reason"], event["message"]))
