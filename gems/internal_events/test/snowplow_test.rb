# frozen_string_literal: true

require "base64"
require_relative "helper"

# What is sent to Snowplow, by the table that the tests of the core read too.
class SnowplowTest < Minitest::Test
  include Helper

  TABLE = File.expand_path("../../../fixtures/snowplow/calls.json", __dir__)
  MIDNIGHT = Time.utc(2026, 11, 18)

  def test_the_same_calls_send_the_same_bodies_as_rust
    calls = JSON.parse(File.read(TABLE))
    tracker = in_memory
    tracker.now = MIDNIGHT
    sent = calls.map do |call|
      given = call.fetch("call").transform_keys(&:to_sym)
      name = given.delete(:event)
      tracker.track_event(name, **given)
      shown(tracker.snowplow(tracker.events.last["sequence"]))
    end
    File.write(TABLE, "#{JSON.pretty_generate(calls.zip(sent).map { |it, sent| it.merge("sent" => sent) })}\n") if ENV["UPDATE"]
    calls.zip(sent).each { |call, sent| assert_equal call["sent"], sent, call["call"].to_json }
  end

  # Without what is another one each time.
  def shown(parameters)
    contexts = JSON.parse(Base64.strict_decode64(parameters.fetch("cx")))
    contexts["data"].each { |it| it["data"].delete("correlation_id") }
    assert_match(/\A\h{8}-\h{4}-7\h{3}-\h{4}-\h{12}\z/, parameters["eid"])
    parameters.except("cx", "eid").merge("contexts" => contexts)
  end

  def test_records_say_more_of_themselves
    tracker = in_memory
    root = Helper::Record.new(1)
    user = Struct.new(:id, :user_type).new(5, "human")
    namespace = Struct.new(:id, :root_ancestor).new(9, root)
    InternalEvents.configuration.context = -> { { plan: "gold", organization_id: 3 } }
    tracker.track_event("create_order", user: user, project: Record.new(7, namespace), feature_enabled_by_namespace_ids: [1, 2])
    standard = shown(tracker.snowplow(1))["contexts"]["data"].first["data"]
    expected = { "user_type" => "human", "ultimate_parent_namespace_id" => 1, "plan" => "gold", "organization_id" => 3,
                 "namespace_id" => 9, "project_id" => 7, "feature_enabled_by_namespace_ids" => [1, 2] }
    assert_equal expected, standard.slice(*expected.keys)
  end

  def test_nothing_is_sent_that_is_not_to_be
    tracker = in_memory
    tracker.track_event("create_order", send_snowplow_event: false)
    tracker.track_event("create_order", send_snowplow_event: nil)
    assert_equal [nil, nil], [tracker.snowplow(1), tracker.snowplow(2)]
  end

  def test_the_older_call_sends_an_event_that_counts_nowhere
    tracker = in_memory
    context = { schema: "iglu:com.example/thing/jsonschema/1-0-0", data: { a: 1 } }
    InternalEvents.with_tracker(tracker) do
      assert_nil Gitlab::Tracking.event("Orders", "create", label: "gift", value: 5, user: Record.new(1), project: Record.new(7, Record.new(9)),
                                                            context: [context], size: "large")
    end
    sent = shown(tracker.snowplow(1))
    assert_equal({ "e" => "se", "se_ca" => "Orders", "se_ac" => "create", "se_la" => "gift", "se_va" => "5" },
                 sent.slice("e", "se_ca", "se_ac", "se_la", "se_va", "se_pr"))
    standard, other = sent["contexts"]["data"]
    assert_equal [7, 9, { "size" => "large" }], standard["data"].values_at("project_id", "namespace_id", "extra")
    assert_equal JSON.parse(context.to_json), other
    assert_equal 0, values(tracker)["total"]
  end
end
