# frozen_string_literal: true

require_relative "helper"

# Most calls are taken by the native part as they are; any other is put in order by Ruby first. A call that needs
# nothing of that kind means the same when it is put in order all the same, and one that does the same as its orderly
# twin: here as tables of what can be passed, crossed with each other.
class ShapesTest < Minitest::Test
  include Helper

  Account = Struct.new(:id, :user_type)
  Group = Struct.new(:id, :root_ancestor)
  Named = Class.new(String)

  class Sly
    def id = throw(:out, :thrown)
  end

  class Private
    private

    def id = 5
    def namespace = Helper::Record.new(6)
  end

  class Missing
    def respond_to_missing?(name, *) = name == :namespace || super
    def method_missing(name, *) = { id: 8, namespace: Helper::Record.new(9) }.fetch(name) { super }
  end

  # Its class says the same of its own name as of any.
  class Proud
    def self.to_s = "Modest"
  end

  def raising(error) = Class.new { define_method(:id) { raise error } }.new

  def someone
    {
      nothing: nil, number: 7, zero: 0, negative: -3, long: 2**63, huge: -(2**100), text: "f3a1", empty: "", frozen: "f".freeze,
      latin: "ü".encode("ISO-8859-1"), utf16: "ü".encode("UTF-16BE"), ascii: "a".encode("US-ASCII"), bytes: "a".b, high_bytes: "ü".b,
      invalid: "\xE2", named: Named.new("n"), record: Record.new(5), text_record: Record.new("r"), new_record: Record.new(nil),
      huge_record: Record.new(2**64), invalid_record: Record.new("\xFF"), float_record: Record.new(0.5), float: 1.5, symbol: :s,
      object: Object.new, bare: BasicObject.new, raising: raising("no"), deep: raising(SystemStackError), hidden: Private.new,
      missing: Missing.new, proud: Proud.new, account: Account.new(4, "human")
    }
  end

  def projects
    someone.merge(
      owned: Record.new(7, Record.new(9)), owned_by_number: Record.new(7, 9), owned_by_text: Record.new(7, "n"), not_owned: Record.new(7, nil),
      new_and_owned: Record.new(nil, Record.new(9)), owned_by_object: Record.new(7, Object.new),
      group: Record.new(7, Group.new(9, Group.new(1))), ill: Class.new { def id = 7; def namespace = raise("no") }.new
    )
  end

  def properties
    values = {
      text: "gift", latin: "ü".encode("ISO-8859-1"), invalid: "\xFF", named: Named.new("n"), number: 5, float: 2.5, whole: 5.0,
      nan: Float::NAN, huge: 2**80, nothing: nil, yes: true, symbol: :gift, list: [1], object: Object.new, bare: BasicObject.new
    }
    of_each = values.flat_map do |kind, value|
      %i[label value size other].flat_map { |key| [[[kind, key], { key => value }], [[kind, key, "text"], { key.to_s => value }]] }
    end
    of_each.to_h.merge(
      none: {}, absent: nil, list: [1], text: "label", all: { label: "gift", property: "shop", value: 5, size: "large" },
      both: { label: "gift", "label" => "card" }, odd_key: { 5 => 5, nil => nil, "k\xFF" => 1 }, frozen: { label: "gift".freeze }.freeze,
      subclass: Class.new(Hash).new.merge!(label: "gift"), sized: { size: "s" * 10_000 }
    )
  end

  def categories
    { none: nil, text: "Orders", latin: "ü".encode("ISO-8859-1"), invalid: "\xFF", symbol: :orders, class: ShapesTest, named: Named.new("n"),
      tampered: Class.new(String) { def to_s = raise("no") }.new("t"), bare: BasicObject.new, frozen: "f".freeze }
  end

  def circumstances
    { numbers: { feature_enabled_by_namespace_ids: [1, 2] }, empty: { feature_enabled_by_namespace_ids: [] },
      no_features: { feature_enabled_by_namespace_ids: nil }, text: { feature_enabled_by_namespace_ids: "[1]" },
      bare: { feature_enabled_by_namespace_ids: BasicObject.new }, unsent: { send_snowplow_event: false },
      unsent_and_features: { send_snowplow_event: nil, feature_enabled_by_namespace_ids: [3] }, sent: { send_snowplow_event: "yes" },
      lifted: { label: "gift" }, lifted_all: { label: "gift", property: "shop", value: 5, size: 1, other: 1 },
      text_key: { "user" => 5 }, odd: { colour: "red", user: 5 } }
  end

  # Every call of the tables: each of them alone, each pair of who and where, each with properties.
  def calls
    together = someone.to_a.product(projects.to_a, circumstances.to_a).each_slice(17).map(&:first)
    together.each_with_object(calls_alone) do |((a, user), (b, project), (c, more)), all|
      all << [[:user, a, :project, b, :circumstances, c], { user: user, project: project, **more }]
    end
  end

  def calls_alone
    who = someone.map { |name, it| [[:user, name], { user: it }] }
    where = projects.map { |name, it| [[:project, name], { project: it }] }
    whose = someone.map { |name, it| [[:namespace, name], { project: Record.new(7, Record.new(9)), namespace: it }] }
    what = properties.map { |name, it| [[:properties, name], { user: 1, additional_properties: it }] }
    beside = properties.map { |name, it| [[:beside, name], { additional_properties: it, label: "card", colour: "red" }] }
    from = categories.map { |name, it| [[:category, name], { category: it, project: 3 }] }
    how = circumstances.map { |name, it| [[:circumstances, name], it] }
    [[[:nothing], {}]] + who + where + whose + what + beside + from + how
  end

  # The entries, what was left out, and what was raised or reported, of a call by both ways.
  def outcome(installation, strict, name, call, &way)
    tracker = InternalEvents::Tracker.in_memory(installation: installation, at: WEDNESDAY, strict: strict)
    said = []
    InternalEvents.configuration.on_error = ->(error, details) { said << [error.class, error.message, details[:event_name]] }
    begin
      way.call(tracker, name, call.dup)
    rescue StandardError, SystemStackError => error
      said << [error.class, error.message]
    end
    entries = tracker.events.map { |it| it.except("id") }
    snowplow = entries.map { |it| tracker.snowplow(it["sequence"])&.except("eid", "cx", "ue_px", "dtm", "stm") }
    health = tracker.health.slice("received", "accepted", "quarantined", "refused", "omitted")
    { entries: entries, snowplow: snowplow, aside: tracker.quarantined, health: health, said: said }
  ensure
    tracker.close
  end

  AS_IT_IS = ->(tracker, name, call) { tracker.track_event(name, **call) }

  # The way of a call that is out of order, whether it is or not.
  IN_ORDER = lambda do |tracker, name, call|
    category, properties = call.delete(:category), call.delete(:additional_properties)
    tracker.send(:attend, :unsorted, InternalEvents::Call.new(tracker, name, category, properties, call))
  rescue StandardError, SystemStackError => error
    raise if tracker.strict?

    tracker.report(error, event_name: name)
  end

  def test_a_call_means_the_same_by_either_way
    InternalEvents.configuration.logger = Logger.new(nil)
    installation = InternalEvents::Installation.open(root: install)
    all = calls
    assert_operator all.size, :>, 500
    all.each do |shape, call|
      [true, false].each do |strict|
        outcomes = [AS_IT_IS, IN_ORDER].map { |way| outcome(installation, strict, "create_order", call, &way) }
        assert_equal outcomes[1], outcomes[0], "#{shape} #{strict ? "strictly" : "leniently"}"
        received = outcomes[0][:health]["received"]
        refute_equal 0, received + outcomes[0][:said].size, "#{shape}: neither tracked nor said"
      end
    end
  end

  # It comes at each allocation of a call, and moves what it can between calls.
  def test_the_collector_of_garbage_changes_no_meaning
    InternalEvents.configuration.logger = Logger.new(nil)
    installation = InternalEvents::Installation.open(root: install)
    stressed = lambda do |tracker, name, call|
      # With 1 it leaves alone what is old, which would take minutes.
      GC.stress = 1
      tracker.track_event(name, **call)
    ensure
      GC.stress = false
    end
    calls_alone.each_with_index do |(shape, call), n|
      outcomes = [AS_IT_IS, stressed].map { |way| outcome(installation, n.odd?, "create_order", call, &way) }
      assert_equal outcomes[0], outcomes[1], shape
      GC.compact if GC.respond_to?(:compact) && (n % 40).zero?
    end
    GC.verify_compaction_references(toward: :empty) if GC.respond_to?(:verify_compaction_references)
    assert_nil in_memory.track_event("create_order", user: Record.new(1), label: "gift")
  end

  def test_names_mean_the_same_by_either_way
    InternalEvents.configuration.logger = Logger.new(nil)
    installation = InternalEvents::Installation.open(root: install)
    names = ["create_order", "create_ordre", "create_order".b, "create_order".encode("UTF-16LE"), "create_\xFForder", Named.new("create_order"),
             :create_order, nil, 5, "", "x" * 10_000, Object.new, BasicObject.new, "create_order".freeze]
    names.each_with_index do |name, n|
      [true, false].each do |strict|
        outcomes = [AS_IT_IS, IN_ORDER].map { |way| outcome(installation, strict, name, { user: 5 }, &way) }
        assert_equal outcomes[1], outcomes[0], n
      end
    end
  end

  # The native part takes these as they are: were they put in order by Ruby, each call would cost more.
  def test_ordinary_calls_need_no_order
    tracker = in_memory
    tracker.track_event("create_order")
    tracker.define_singleton_method(:attend) { |answer, _| raise "not taken as it is: #{answer}" }
    who = { user: Record.new(1), project: Record.new(7, Record.new(9)), namespace: Record.new("n") }
    [{}, who, { additional_properties: { label: "gift", "size" => 3, value: 2.5 } }, { category: "Orders", send_snowplow_event: false },
     { feature_enabled_by_namespace_ids: [1] }].each { |it| assert_nil tracker.track_event("create_order", **it) }
    assert_equal 6, values(tracker)["total"]
    assert_raises(RuntimeError) { tracker.track_event("create_order", label: "gift") }
  end

  def test_what_ends_more_than_a_call_goes_on
    tracker = in_memory(strict: false)
    assert_equal(:thrown, catch(:out) { tracker.track_event("create_order", user: Sly.new) })
    ending = Class.new { def id = raise(Interrupt) }.new
    %i[user project namespace].each do |key|
      assert_raises(Interrupt) { tracker.track_event("create_order", key => ending) }
    end
    tracker.track_event("create_order", user: 1)
    assert_equal 1, values(tracker)["total"]
  end

  # Whoever is asked for an id may do anything, also with the tracker itself.
  def test_the_application_may_do_anything_when_it_is_asked_for_an_id
    tracker = in_memory
    {
      tracks: -> { tracker.track_event("create_order", user: 100) },
      asks: -> { tracker.metrics; tracker.explain("create_order", user: 1); tracker.health },
      reads_again: -> { tracker.reload(InternalEvents::Installation.open(root: tracker.installation.root)) },
      yields: -> { Fiber.new { Fiber.yield tracker.track_event("create_order", user: 101) }.resume },
      waits: -> { Thread.new { tracker.track_event("create_order", user: 102) }.join },
      cleans: -> { GC.start; GC.compact if GC.respond_to?(:compact) }
    }.each_with_index do |(name, deed), n|
      user = Class.new { define_method(:id) { deed.call; n } }.new
      assert_nil tracker.track_event("create_order", user: user, additional_properties: { label: "l#{n}" }), name
    end
    assert_equal [9, 9, 6], values(tracker).values_at("total", "users", "labels")
  end

  def test_an_id_that_forks_is_tracked_by_both
    root = install
    ruby!(root, <<~RUBY)
      InternalEvents.track_event("create_order", user: 0)
      forking = Class.new { def id = @id ||= ($child = fork) ? 1 : 2 }.new
      InternalEvents.track_event("create_order", user: forking)
      Process.wait($child) if $child
    RUBY
    assert_equal [3, 3], counted(root).values_at("total", "users")
  end
end
