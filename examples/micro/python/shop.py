"""What is tested: a shop that tracks with the official tracker."""

from snowplow_tracker import SelfDescribingJson, StructuredEvent, Subject, Tracker

STANDARD = "iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7"
SERVICE_PING = "iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1"


class Shop:
    """Sells books, and tracks that with the emitter that it is given."""

    def __init__(self, app_id, emitter):
        subject = Subject().set_platform("srv")
        self.tracker = Tracker(
            namespace="shop", emitters=emitter, app_id=app_id, subject=subject
        )

    def place_order(self, price, user_id=7, **extra):
        self.track("place_order", {"user_id": user_id}, extra, label="courier", value=price)

    def return_book(self, reason):
        self.track("return_book", {"user_id": 7}, {}, property_=reason)

    def track(self, action, who, extra, **more):
        """Tracks an internal event; what is no label, property or value is in `extra`."""
        standard = {
            "environment": "test",
            "source": "shop",
            "project_id": 1,
            "namespace_id": 2,
            "extra": extra,
            **who,
        }
        ping = {"data_source": "redis_hll", "event_name": action}
        contexts = [SelfDescribingJson(STANDARD, standard), SelfDescribingJson(SERVICE_PING, ping)]
        self.tracker.track(
            StructuredEvent(category="shop", action=action, context=contexts, **more)
        )
