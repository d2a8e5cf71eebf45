# frozen_string_literal: true

require_relative "helper"

# The calls of a code base that is half migrated.
class LegacyTest < Minitest::Test
  include Helper

  COUNTER = Gitlab::UsageDataCounters::HLLRedisCounter

  HLL = <<~YAML
    key_path: redis_hll_counters.%<event>s
    description: By how many users something was done
    product_group: shop
    value_type: number
    status: active
    milestone: "13.9"
    introduced_by_url: https://example.com/1
    time_frame: 7d
    data_source: redis_hll
    data_category: optional
    instrumentation_class: RedisHLLMetric
    options:
      events: [%<event>s]
    tiers: [free]
  YAML

  def half_migrated(strict: true)
    root = install
    Helper.write(root, "config/metrics/counts_7d/write.yml", format(HLL, event: "git_write_action"))
    Helper.write(root, "config/metrics/counts_7d/wiki.yml", format(HLL, event: "wiki_action"))
    Helper.write(root, "lib/gitlab/usage_data_counters/hll_redis_legacy_events.yml", "- git_write_action\n- wiki_action\n")
    Helper.write(root, "lib/gitlab/usage_data_counters/hll_redis_key_overrides.yml", "create_order-user: create_order\n")
    installation = InternalEvents::Installation.open(root: root)
    assert_empty installation.problems
    InternalEvents::Tracker.in_memory(installation: installation, at: WEDNESDAY, strict: strict)
  end

  def test_values_are_counted_by_week_and_read_again
    tracker = half_migrated
    InternalEvents.with_tracker(tracker) do
      assert_nil COUNTER.track_event(:git_write_action, values: 5)
      COUNTER.track_event("git_write_action", values: [5, 6, "seven"])
      COUNTER.track_event("wiki_action", values: [6, 8])
      COUNTER.track_event("git_write_action", values: nil)
      dates = { start_date: Date.new(2026, 11, 16), end_date: Date.new(2026, 11, 22) }
      assert_equal 3, COUNTER.unique_events(event_names: "git_write_action", **dates)
      assert_equal 4, COUNTER.unique_events(event_names: %w[git_write_action wiki_action], **dates)
      assert_equal 0, COUNTER.unique_events(event_names: "git_write_action", start_date: Date.new(2026, 11, 1), end_date: Date.new(2026, 11, 8))
      assert_equal(-1, COUNTER.unique_events(event_names: "nothing", **dates))
    end
    keys = tracker.events.flat_map { |it| it["updates"].map { |update| update["key"] } }.uniq
    assert_equal ["{hll_counters}_git_write_action-2026-47", "{hll_counters}_wiki_action-2026-47"], keys
  end

  def test_a_migrated_event_goes_on_under_its_old_key
    tracker = half_migrated
    InternalEvents.with_tracker(tracker) { InternalEvents.track_event("create_order", user: 1) }
    keys = tracker.events.flat_map { |it| it["updates"].map { |update| update["key"] } }
    assert_includes keys, "{hll_counters}_create_order-2026-47"
  end

  def test_calls_that_are_wrong
    InternalEvents.configuration.logger = Logger.new(nil)
    wrong = [["nothing", {}], ["create_order", {}], ["git_write_action", { property_name: "user.id" }]]
    strict, lenient = half_migrated, half_migrated(strict: false)
    wrong.each do |name, options|
      assert_raises(InternalEvents::TrackingError, name) do
        InternalEvents.with_tracker(strict) { COUNTER.track_event(name, values: 1, **options) }
      end
      assert_nil InternalEvents.with_tracker(lenient) { COUNTER.track_event(name, values: 1, **options) }
    end
    assert_nil InternalEvents.with_tracker(lenient) { COUNTER.track_event("git_write_action", values: Object.new) }
  end
end
