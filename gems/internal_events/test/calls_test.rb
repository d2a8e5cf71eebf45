# frozen_string_literal: true

require_relative "helper"

# What a call means, as tables.
class CallsTest < Minitest::Test
  include Helper

  PROJECT = Record.new(7, Record.new(9))

  # Each call, and which metrics it moves by how much.
  COUNTED = [
    [{}, {}],
    [{ user: Record.new(1) }, { "users" => 1 }],
    [{ user: 1 }, { "users" => 1 }],
    [{ user: "f3a1" }, { "users" => 1 }],
    [{ user: Record.new(nil) }, {}],
    [{ user: Record.new("f3a1") }, { "users" => 1 }],
    [{ user: nil }, {}],
    [{ project: PROJECT }, { "projects" => 1, "namespaces" => 1 }],
    [{ project: PROJECT, namespace: nil }, { "projects" => 1, "namespaces" => 1 }],
    [{ project: PROJECT, namespace: Record.new(3) }, { "projects" => 1, "namespaces" => 1 }],
    [{ project: 7 }, { "projects" => 1 }],
    [{ namespace: Record.new(3) }, { "namespaces" => 1 }],
    [{ additional_properties: { label: "gift" } }, { "labels" => 1, "gifts" => 1 }],
    [{ additional_properties: { "label" => "gift" } }, { "labels" => 1, "gifts" => 1 }],
    [{ label: "gift" }, { "labels" => 1, "gifts" => 1 }],
    [{ additional_properties: nil, label: "card" }, { "labels" => 1 }],
    [{ value: 5 }, { "sum" => 5.0, "five" => 1 }],
    [{ value: 5.0 }, { "sum" => 5.0, "five" => 1 }],
    [{ value: 2.5 }, { "sum" => 2.5 }],
    [{ value: 0 }, {}],
    [{ value: nil }, {}],
    [{ value: 10**30 }, { "sum" => 1e30 }],
    [{ size: "large" }, { "sizes" => 1 }],
    [{ size: 3 }, { "sizes" => 1 }],
    [{ user: 2**70 }, { "users" => 1 }],
    [{ user: -1 }, { "users" => 1 }],
    [{ send_snowplow_event: false, user: 1 }, { "users" => 1 }],
    [{ feature_enabled_by_namespace_ids: [1, 2] }, {}],
    [{ category: "Orders", user: 1 }, { "users" => 1 }]
  ].freeze

  def test_what_counts
    tracker = in_memory
    COUNTED.each do |call, expected|
      before = values(tracker)
      assert_nil InternalEvents.with_tracker(tracker) { Gitlab::InternalEvents.track_event("create_order", **call) }
      # Sets are of all calls, so each call has a tracker of its own where it shows something.
      fresh = InternalEvents::Tracker.in_memory(installation: tracker.installation, at: WEDNESDAY)
      fresh.track_event("create_order", **call)
      always = { "total" => 1, "total_weekly" => 1 }
      moved = values(fresh).reject { |_, value| value.zero? }
      assert_equal always.merge(expected), moved, call.inspect
      assert_equal before["total"] + 1, values(tracker)["total"]
      fresh.close
    end
  end

  WRONG = [
    ["nothing_like_it", {}, InternalEvents::UnknownEventError, "Unknown event: nothing_like_it"],
    ["create_ordre", {}, InternalEvents::UnknownEventError, "Unknown event: create_ordre. Did you mean create_order?"],
    [:create_order, {}, InternalEvents::UnknownEventError, "Unknown event: :create_order; the name of an event is a String"],
    [nil, {}, InternalEvents::UnknownEventError, "Unknown event: nil; the name of an event is a String"],
    ["create_\xFForder", {}, InternalEvents::UnknownEventError, "Unknown event: create_\uFFFDorder. Did you mean create_order?"],
    ["create_order", { colour: "red" }, InternalEvents::InvalidPropertyError,
     "Unknown additional property: colour for event_name: create_order; " \
     "its definition declares label, property, value, size"],
    ["create_order", { additional_properties: { colour: "red" } }, InternalEvents::InvalidPropertyError,
     "Unknown additional property: colour for event_name: create_order; " \
     "its definition declares label, property, value, size"],
    ["create_order", { additional_properties: { size: 1 }, label: "gift" }, InternalEvents::InvalidPropertyError,
     "Unknown additional property: label (given beside additional_properties) for event_name: create_order; " \
     "its definition declares label, property, value, size"],
    ["create_order", { lable: "gift" }, InternalEvents::InvalidPropertyError,
     "Unknown additional property: lable for event_name: create_order; " \
     "its definition declares label, property, value, size; did you mean label?"],
    ["create_order", { user_id: 5 }, InternalEvents::InvalidPropertyError,
     "Unknown additional property: user_id for event_name: create_order; " \
     "its definition declares label, property, value, size; did you mean the keyword user:?"],
    ["create_order", { projects: [7] }, InternalEvents::InvalidPropertyError,
     "Unknown additional property: projects for event_name: create_order; " \
     "its definition declares label, property, value, size; did you mean the keyword project:?"],
    ["create_order", { group: 9 }, InternalEvents::InvalidPropertyError,
     "Unknown additional property: group for event_name: create_order; " \
     "its definition declares label, property, value, size; did you mean the keyword namespace:?"],
    ["create_order", { "user" => 5 }, InternalEvents::InvalidPropertyError,
     "Unknown additional property: user for event_name: create_order; " \
     "its definition declares label, property, value, size; did you mean the keyword user:?"],
    ["create_order", { label: 5 }, InternalEvents::InvalidPropertyTypeError,
     "label should be an instance of String, got Integer"],
    ["create_order", { label: :gift }, InternalEvents::InvalidPropertyTypeError,
     "label should be an instance of String, got Symbol"],
    ["create_order", { label: "\xFF" }, InternalEvents::InvalidPropertyTypeError,
     "label should be an instance of String, got text that is no valid UTF-8"],
    ["create_order", { label: "\xFF".b }, InternalEvents::InvalidPropertyTypeError,
     "label should be an instance of String, got text that is no valid UTF-8"],
    ["create_order", { label: "ü".b }, InternalEvents::InvalidPropertyTypeError,
     "label should be an instance of String, got text in ASCII-8BIT, which force_encoding(\"UTF-8\") makes valid"],
    ["create_order", { value: "5" }, InternalEvents::InvalidPropertyTypeError,
     "value should be an instance of Integer or Float, got String"],
    ["create_order", { value: Float::NAN }, InternalEvents::InvalidPropertyTypeError,
     "value should be an instance of Integer or Float, got Float NaN"],
    ["create_order", { size: [1] }, InternalEvents::InvalidPropertyTypeError,
     "size should be an instance of String, Integer or Float, got Array"],
    ["create_order", { size: true }, InternalEvents::InvalidPropertyTypeError,
     "size should be an instance of String, Integer or Float, got TrueClass"],
    ["create_order", { additional_properties: [1] }, InternalEvents::InvalidPropertyTypeError,
     "additional_properties should be a Hash, got Array"],
    ["create_order", { user: Object.new }, InternalEvents::InvalidPropertyTypeError,
     "user should be an id, or have one, got Object"],
    ["create_order", { user: 1.5 }, InternalEvents::InvalidPropertyTypeError,
     "user should be an id, or have one, got Float"],
    ["create_order", { user: Record.new(1.5) }, InternalEvents::InvalidPropertyTypeError,
     "user should have an id that is an Integer or a String, got Float of a Helper::Record"],
    ["create_order", { user: "\xFF" }, InternalEvents::InvalidPropertyTypeError,
     "user should be an id, got text that is no valid UTF-8"]
  ].freeze

  # It may have any of these names, so that none of them is a slip.
  def test_a_property_that_could_be_declared_is_not_taken_for_a_slip
    root = install
    definition = format(EVENT, action: "open_shop", trackers: "").sub(/^  property:\n.*\n/, "")
    Helper.write(root, "config/events/open_shop.yml", definition)
    tracker = InternalEvents::Tracker.in_memory(installation: InternalEvents::Installation.open(root: root))
    error = assert_raises(InternalEvents::InvalidPropertyError) { tracker.track_event("open_shop", property: "p") }
    assert_equal "Unknown additional property: property for event_name: open_shop; its definition declares label, value, size", error.message
  end

  def test_text_of_any_encoding_counts_as_its_utf8
    tracker = in_memory
    ["ü", "ü".encode("ISO-8859-1"), "ü".encode("UTF-16LE")].each { |it| tracker.track_event("create_order", user: it, label: it) }
    tracker.track_event("create_order".encode("UTF-16LE"), category: "ü".encode("ISO-8859-1"))
    tracker.track_event("create_order".b.freeze, category: "\xFF")
    assert_equal [5, 1, 1], values(tracker).values_at("total", "users", "labels")
    assert_equal [nil, nil, nil, "ü", "\uFFFD"], tracker.events.map { |it| it["event"]["category"] }
  end

  def test_strict_mode_raises_what_is_wrong_and_counts_nothing
    tracker = in_memory
    WRONG.each do |name, call, error, message|
      raised = assert_raises(error, "#{name} #{call}") { tracker.track_event(name, **call) }
      assert_equal message, raised.message
      assert_kind_of StandardError, raised
    end
    assert_equal 0, values(tracker)["total"]
    assert_empty tracker.events
  end

  def test_lenient_mode_raises_nothing_and_counts_what_is_right
    log = StringIO.new
    InternalEvents.configuration.logger = Logger.new(log)
    errors = []
    InternalEvents.configuration.on_error = ->(error, details) { errors << [error.class, details[:event_name]] }
    tracker = in_memory(strict: false)
    WRONG.each { |name, call, *| assert_nil tracker.track_event(name, **call) }
    known = WRONG.count { |name, *| name.to_s == "create_order" }
    assert_equal known, values(tracker)["total"]
    assert_equal 4, tracker.quarantined.size
    health = tracker.health
    assert_equal WRONG.size, health["received"]
    assert_equal [known, 4], health.values_at("accepted", "quarantined")
    assert_operator health["omitted"]["undeclared_property"], :>=, 3
    assert_operator health["omitted"]["ill_typed_property"], :>=, 5
    assert_includes errors, [InternalEvents::InvalidPropertyTypeError, "create_order"]
    assert_match(/additional_properties should be a Hash, got Array/, log.string)
  end

  def test_nothing_of_the_callers_is_changed
    tracker = in_memory
    properties = { label: "gift" }.freeze
    call = { user: 1, additional_properties: properties, category: "c" }.freeze
    tracker.track_event("create_order", **call)
    tracker.track_event("create_order", **{ label: "gift", user: 1 }.freeze)
    assert_equal({ label: "gift" }, properties)
    assert_equal 2, values(tracker)["gifts"]
  end

  def test_the_mixin_tracks_under_the_name_of_the_class
    tracker = in_memory
    service = Class.new { include Gitlab::InternalEventsTracking }
    Object.const_set(:OrderService, service)
    InternalEvents.with_tracker(tracker) do
      OrderService.new.track_internal_event("create_order", user: 1)
      OrderService.extend(Gitlab::InternalEventsTracking).track_internal_event("create_order", user: 2)
      OrderService.new.track_internal_event("create_order", user: 3, category: "Other")
    end
    assert_equal %w[OrderService OrderService Other], tracker.events.map { |it| it["event"]["category"] }
  ensure
    Object.send(:remove_const, :OrderService)
  end

  def test_extra_trackers_are_told_in_order_and_alone_see_what_is_protected
    told = []
    Object.const_set(:AuditTracker, Class.new { define_singleton_method(:track_event) { |name, **it| told << [name, it] } })
    tracker = in_memory(tracker: "AuditTracker")
    user = Record.new(1)
    call = { user: user, project: PROJECT, send_snowplow_event: false }
    tracker.track_event("create_order", **call, additional_properties: { label: "gift", "secret" => "s" })
    seen = { label: "gift", secret: "s", user: user, project: PROJECT }
    assert_equal [["create_order", seen]], told
    refute_includes tracker.events.to_json, "secret"
  ensure
    Object.send(:remove_const, :AuditTracker)
  end

  def test_an_extra_tracker_that_fails_keeps_nothing_from_counting
    Object.const_set(:AuditTracker, Class.new { def self.track_event(*) = raise("no") })
    tracker = in_memory(tracker: "AuditTracker")
    assert_raises(RuntimeError) { tracker.track_event("create_order", user: 1) }
    lenient = in_memory(tracker: "AuditTracker", strict: false)
    InternalEvents.configuration.logger = Logger.new(nil)
    assert_nil lenient.track_event("create_order", user: 1)
    assert_equal [1, 1], [values(tracker)["users"], values(lenient)["users"]]
  ensure
    Object.send(:remove_const, :AuditTracker)
  end

  def test_batched_writes_count_as_others
    tracker = in_memory
    result = InternalEvents.with_tracker(tracker) do
      Gitlab::InternalEvents.with_batched_redis_writes do
        3.times { |it| InternalEvents.track_event("create_order", user: it) }
        :done
      end
    end
    assert_equal :done, result
    assert_equal [3, 3], values(tracker).values_at("total", "users")
  end

  def test_time_travels
    tracker = in_memory
    tracker.track_event("create_order", user: 1)
    assert_equal 0, tracker.metric("counts.users")
    tracker.now = WEDNESDAY + 7 * 86_400
    assert_equal 1, tracker.metric("counts.users")
    assert_equal 0, tracker.metric("counts.users", at: WEDNESDAY)
    assert_equal WEDNESDAY + 7 * 86_400, tracker.now
  end

  def test_questions_about_definitions
    tracker = in_memory
    installation = tracker.installation
    assert_equal ["create_order"], installation.event_names
    assert_equal %w[label property value size], installation.event("create_order")["properties"]
    assert_nil installation.event("create_ordre")
    assert_equal "create_order", installation.similar_event("create_ordre")
    assert_equal "user.id", installation.metric("counts.users")["rules"].first["unique"]
    assert_includes installation.metrics_of("create_order"), "counts.users"
    error = assert_raises(ArgumentError) { tracker.metric("counts.user") }
    assert_equal "no metric has the key path `counts.user`; did you mean `counts.users`?", error.message
    error = assert_raises(ArgumentError) { tracker.metric("counts.users", at: "2026-11-18") }
    assert_equal "a day is a Date or a Time, not a String", error.message
  end

  def test_explanations_say_what_did_not_move
    tracker = in_memory
    explained = tracker.explain("create_order", label: "card")
    rules = explained["rules"].to_h { |it| [it["key"], it["moves"]] }
    assert_equal true, rules["{event_counters}_create_order"]
    assert_equal false, rules["{event_counters}_create_order-filter:[label:gift]"]
    text = tracker.explain_text("create_order", label: "card")
    assert_includes text, "its filter wants label = \"gift\", not \"card\""
    assert_includes tracker.explain_text("create_ordre"), "did you mean `create_order`?"
  end
end
