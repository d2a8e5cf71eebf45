"""Asks a server that shows what trackers sent: `internal-events serve --micro`."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
import uuid

# Where it is; the port is that of Snowplow Micro.
SERVER = os.environ.get("MICRO", "http://127.0.0.1:9090")

# A proxy of the machine has nothing to do with a server on it.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NotSeen(AssertionError):
    """Events did not come; the text says which came instead, and what is wrong with them."""


def own_name(what):
    """A name that nobody else has, for an application."""
    return f"{what}-{uuid.uuid4()}"


def ask(page, **filters):
    """Asks one of its pages."""
    query = urllib.parse.urlencode(filters, doseq=True)
    try:
        with OPENER.open(f"{SERVER}/micro/{page}?{query}") as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise NotSeen(json.load(error)["detail"]) from None


def seen(**filters):
    """Waits for good events; an answer comes as soon as they are there, so patience is free."""
    return ask("wait", **{"timeout": 60, **filters})


def wrong(**filters):
    """What is wrong with the one bad event that is asked for."""
    [event] = ask("bad", **filters)
    return event["errors"]
