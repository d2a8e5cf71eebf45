"""A program that runs on Python, tested by what it tracks."""

import multiprocessing
import unittest
from concurrent.futures import ProcessPoolExecutor

import requests
from snowplow_tracker import AsyncEmitter, Emitter

from micro import SERVER, NotSeen, ask, own_name, seen, wrong
from shop import STANDARD, Shop


def work(orders):
    """Runs in a process of its own, with an application of its own."""
    app_id = own_name("worker")
    shop = Shop(app_id, AsyncEmitter(SERVER, batch_size=2, thread_count=2))
    for n in range(orders):
        shop.place_order(price=100 * n)
    # Threads of an emitter end with the program, whatever they have left to send.
    shop.tracker.flush(is_async=False)
    return app_id, orders


class EverySending(unittest.TestCase):
    """Each way of sending brings the same events."""

    def check(self, make):
        app_id = own_name("shop")
        shop = Shop(app_id, make())
        for price in (1250, 900, 4000):
            shop.place_order(price)
        # An emitter with threads returns at once, so there is something to wait for.
        shop.tracker.flush(is_async=True)
        orders = seen(app_id=app_id, event="place_order", count=3)
        self.assertEqual(sorted(int(float(it["event"]["se_value"])) for it in orders), [900, 1250, 4000])
        self.assertEqual({it["event"]["se_label"] for it in orders}, {"courier"})
        self.assertEqual(ask("bad", app_id=app_id), [])

    def test_at_once(self):
        self.check(lambda: Emitter(SERVER, batch_size=1))

    def test_in_a_batch(self):
        self.check(lambda: Emitter(SERVER, batch_size=10))

    def test_as_queries(self):
        self.check(lambda: Emitter(SERVER, method="get"))

    def test_by_a_thread(self):
        self.check(lambda: AsyncEmitter(SERVER, batch_size=1))

    def test_by_several_threads(self):
        self.check(lambda: AsyncEmitter(SERVER, batch_size=2, thread_count=4))

    def test_by_a_thread_as_queries(self):
        self.check(lambda: AsyncEmitter(SERVER, method="get"))


class Isolation(unittest.TestCase):
    def test_processes_at_the_same_time_do_not_see_each_other(self):
        # Threads do not survive a fork, so processes start afresh.
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(4, mp_context=fresh) as pool:
            for app_id, orders in pool.map(work, [1, 2, 3, 4]):
                found = seen(app_id=app_id, event="place_order", count=orders)
                self.assertEqual(len(found), orders)
                self.assertEqual(len(ask("good", app_id=app_id)), orders)

    def test_a_session_can_name_a_run(self):
        run = own_name("run")
        session = requests.Session()
        session.headers["X-Internal-Events-Run"] = run
        Shop("shop", Emitter(SERVER, batch_size=1, session=session)).place_order(1250)
        seen(run=run, event="place_order")
        self.assertEqual(ask("all", run=run), {"total": 1, "good": 1, "bad": 0})
        self.assertEqual(ask("reset", run=run)["total"], 0)


class Mistakes(unittest.TestCase):
    """What is wrong with an event is told."""

    def setUp(self):
        self.app_id = own_name("shop")
        # A batch of two: what comes after a mistake is not there before it.
        self.shop = Shop(self.app_id, AsyncEmitter(SERVER, batch_size=2))

    def told(self, event):
        self.shop.return_book("damaged")
        seen(app_id=self.app_id, event="return_book")
        return wrong(app_id=self.app_id, event=event)

    def test_a_property_that_no_definition_declares(self):
        self.shop.place_order(1250, colour="red")
        reason = "property `colour` is not declared by the event and was left out"
        self.assertEqual(self.told("place_order"), [reason])

    def test_an_event_that_no_definition_knows(self):
        self.shop.track("place_orders", {"user_id": 7}, {})
        reason = "no definition knows the event `place_orders`; did you mean `place_order`?"
        self.assertEqual(self.told("place_orders"), [reason])

    def test_an_identifier_that_a_metric_counts_is_missing(self):
        self.shop.place_order(1250, user_id=None)
        reason = "`user` is missing, so the metrics that count it did not move"
        self.assertEqual(self.told("place_order"), [reason])

    def test_a_context_that_is_not_as_its_schema_says(self):
        self.shop.track("place_order", {"user_id": 7, "is_gitlab_team_member": "yes"}, {}, label="post", value=1)
        [reason] = self.told("place_order")
        self.assertIn(STANDARD, reason)
        self.assertIn("is_gitlab_team_member", reason)

    def test_a_wait_in_vain_says_what_came_instead(self):
        self.shop.place_order(1250, user_id=None)
        self.told("place_order")
        with self.assertRaisesRegex(NotSeen, "0 of 1 events came"):
            ask("wait", app_id=self.app_id, event="place_order", timeout=0)


if __name__ == "__main__":
    unittest.main()
