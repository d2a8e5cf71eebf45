# frozen_string_literal: true

require "spec_helper"
require "capybara"
require "nokogiri"

RSpec.describe "trigger_internal_events" do
  let(:user) { Record.new(5) }
  let(:namespace) { Record.new(9) }
  let(:project) { Project.new(7, namespace) }

  def place_order(**given)
    InternalEvents.track_event("place_order", user: user, project: project,
                                              additional_properties: { label: "gift", value: 20 }, **given)
  end

  context "with a block" do
    it "holds when the event is triggered once" do
      expect { place_order }.to trigger_internal_events("place_order")
    end

    it "fails when it is not triggered, and says what was" do
      expect do
        expect { InternalEvents.track_event("view_book", user: user) }.to trigger_internal_events("place_order")
      end.to fail_with("expected the block to trigger place_order exactly once, but it did so never",
                       "triggered were:\n  view_book, user: 5",
                       "{event_counters}_view_book", "counts.count_total_view_book")
    end

    it "fails when nothing is triggered" do
      expect { expect {}.to trigger_internal_events("place_order") }.to fail_with("no event was triggered")
    end

    it "fails when it is triggered once too often" do
      expect { expect { 2.times { place_order } }.to trigger_internal_events("place_order") }
        .to fail_with("exactly once, but it did so twice")
    end

    it "takes several names, each of which has to be triggered" do
      both = -> { [place_order, InternalEvents.track_event("view_book")] }
      expect(&both).to trigger_internal_events("place_order", "view_book")
      expect { expect { place_order }.to trigger_internal_events("place_order", "view_book") }
        .to fail_with("to trigger view_book exactly once, but it did so never")
    end

    it "counts only what is triggered within" do
      place_order
      expect {}.to not_trigger_internal_events("place_order")
      expect { place_order }.to trigger_internal_events("place_order")
    end

    it "does not see what other examples trigger" do
      expect(InternalEvents::Testing.recorder.events).to be_empty
    end

    it "passes on what the block raises" do
      expect { expect { raise "broken" }.to trigger_internal_events("place_order") }.to raise_error("broken")
    end

    counts = {
      once: 1, twice: 2, thrice: 3, never: 0,
      ->(it) { it.times(4) } => 4, ->(it) { it.exactly(2).times } => 2, ->(it) { it.exactly(1).time } => 1,
      ->(it) { it.exactly(:thrice) } => 3
    }
    counts.each do |chain, times|
      it "counts #{times} with #{chain.is_a?(Symbol) ? chain : 'a chain'}" do
        matcher = -> { chain.to_proc.call(trigger_internal_events("place_order")) }
        expect { times.times { place_order } }.to matcher.call
        expect { expect { (times + 1).times { place_order } }.to matcher.call }.to fail_with("place_order")
      end
    end

    it "counts at least and at most" do
      expect { 3.times { place_order } }.to trigger_internal_events("place_order").at_least(:twice)
      expect { 3.times { place_order } }.to trigger_internal_events("place_order").at_most(3).times
      expect { expect { place_order }.to trigger_internal_events("place_order").at_least(2).times }
        .to fail_with("at least twice, but it did so once")
      expect { expect { 3.times { place_order } }.to trigger_internal_events("place_order").at_most(:twice) }
        .to fail_with("at most twice, but it did so 3 times")
    end

    it "refuses what is no count" do
      expect { trigger_internal_events("place_order").exactly("often") }.to raise_error(ArgumentError, /whole number/)
    end

    it "compares what the event has" do
      properties = { label: "gift", value: 20 }
      expect { place_order(category: "Orders") }.to trigger_internal_events("place_order")
        .with(user: user, project: project, namespace: namespace, category: "Orders", additional_properties: properties)
    end

    it "takes the namespace of the project if none is said" do
      expect { place_order }.to trigger_internal_events("place_order").with(project: project)
      expect do
        expect { place_order(namespace: Record.new(10)) }.to trigger_internal_events("place_order").with(project: project)
      end.to fail_with("namespace is 10, not 9")
    end

    it "knows that an event without a category is sent with one" do
      expect { place_order }.to trigger_internal_events("place_order").with(category: "InternalEventTracking")
    end

    it "compares the namespaces that enable a feature" do
      expect { place_order(feature_enabled_by_namespace_ids: [1, 2]) }
        .to trigger_internal_events("place_order").with(feature_enabled_by_namespace_ids: [1, 2])
      expect do
        expect { place_order(feature_enabled_by_namespace_ids: [1]) }
          .to trigger_internal_events("place_order").with(feature_enabled_by_namespace_ids: [1, 2])
      end.to fail_with("feature_enabled_by_namespace_ids is [1], not [1, 2]")
    end

    it "says in what an event differs" do
      wrong = { user: Record.new(6), additional_properties: { label: "card", value: 20 } }
      expect { expect { place_order }.to trigger_internal_events("place_order").with(**wrong) }
        .to fail_with("place_order, user: 6, additional_properties: {label: \"card\", value: 20} exactly once",
                      "user is 5, not 6", "additional_properties is {label: \"gift\", value: 20}, not {label: \"card\"",
                      "place_order, user: 5, project: 7, namespace: 9")
    end

    it "compares all properties" do
      expect do
        expect { place_order }.to trigger_internal_events("place_order").with(additional_properties: { label: "gift" })
      end.to fail_with("not {label: \"gift\"}")
    end

    it "takes matchers for values" do
      expect { place_order }.to trigger_internal_events("place_order")
        .with(user: an_instance_of(Integer), additional_properties: a_hash_including(label: /gi/))
    end

    it "refuses to compare what no event has" do
      expect { trigger_internal_events("place_order").with(usr: user) }
        .to raise_error(ArgumentError, /no usr; there are user, project/)
    end

    it "is combined with other matchers of blocks" do
      orders = 0
      order = -> { place_order(user: Record.new(orders += 1)) }
      expect(&order).to trigger_internal_events("place_order").and change { orders }.by(1)
      expect(&order).to trigger_internal_events("place_order")
        .and increment_usage_metrics("counts.count_total_place_order").and not_trigger_internal_events("view_book")
      expect { expect(&order).to trigger_internal_events("place_order").and trigger_internal_events("view_book") }
        .to fail_with("view_book exactly once, but it did so never")
    end

    it "refuses values, which were made before it could look" do
      expect { expect(5).to trigger_internal_events("place_order") }.to raise_error(ArgumentError, /`expect \{ … \}`, not `expect\(…\)`/)
      expect { expect(nil).to not_trigger_internal_events("place_order") }.to raise_error(ArgumentError, /expect a block/)
    end

    it "refuses names that no definition knows" do
      expect { expect {}.to trigger_internal_events("place_ordr") }
        .to raise_error(ArgumentError, /Unknown event 'place_ordr'! Did you mean 'place_order'\?/)
      expect { expect {}.to not_trigger_internal_events("place_ordr") }.to raise_error(ArgumentError, /Unknown event/)
      expect { expect {}.to trigger_internal_events }
        .to raise_error(ArgumentError, "trigger_internal_events matcher requires events argument")
    end

    it "is negated, without chains" do
      expect { InternalEvents.track_event("view_book") }.not_to trigger_internal_events("place_order")
      expect { expect { place_order }.not_to trigger_internal_events("place_order") }
        .to fail_with("expected the block not to trigger place_order", "place_order, user: 5")
      expect { expect {}.to not_trigger_internal_events("place_order").once }.to raise_error(ArgumentError, /no chains/)
      expect { expect {}.not_to trigger_internal_events("place_order").with(user: user) }
        .to raise_error(ArgumentError, /no chains/)
    end

    it "refuses chains for rendered HTML" do
      expect { expect {}.to trigger_internal_events("place_order").on_click }
        .to raise_error(ArgumentError, /on_click is for rendered HTML/)
    end
  end

  context "with rendered HTML" do
    let(:html) do
      <<~HTML
        <div>
          <button data-event-tracking="place_order" data-event-label="gift" data-event-value="20">Order</button>
          <p data-event-tracking="view_book" data-event-tracking-load="true"
             data-event-additional='{"shelf": 3}'>A book</p>
        </div>
      HTML
    end
    let(:properties) { { label: "gift", value: 20 } }

    forms = {
      "a text" => ->(it) { it },
      "a node of Capybara" => ->(it) { Capybara::Node::Simple.new(it) },
      "a fragment of Nokogiri" => ->(it) { Nokogiri::HTML4::DocumentFragment.parse(it) }
    }
    forms.each do |name, form|
      it "finds the element in #{name}" do
        node = form.call(html)
        expect(node).to trigger_internal_events("place_order").with(additional_properties: properties).on_click
        expect(node).to trigger_internal_events("view_book").on_load
        expect(form.call("<p>nothing</p>")).not_to trigger_internal_events
      end
    end

    it "finds the element itself" do
      button = Nokogiri::HTML4::DocumentFragment.parse(html).at("button")
      expect(button).to trigger_internal_events("place_order").with(additional_properties: properties).on_click
    end

    it "compares custom properties where they are given" do
      expect(html).to trigger_internal_events("view_book").with(additional_properties: { shelf: 3 }).on_load
      expect(html).not_to(satisfy do |it|
        trigger_internal_events("view_book").with(additional_properties: { shelf: 4 }).on_load.matches?(it)
      end)
    end

    it "fails when a property is missing or another one is there" do
      [{}, { label: "gift" }, { label: "card", value: 20 }, { label: "gift", value: 20, property: "x" }].each do |it|
        expect { expect(html).to trigger_internal_events("place_order").with(additional_properties: it).on_click }
          .to fail_with('<button data-event-tracking="place_order" data-event-label="gift" data-event-value="20">')
      end
    end

    it "fails when it is tracked at another time" do
      expect { expect(html).to trigger_internal_events("place_order").with(additional_properties: properties).on_load }
        .to fail_with("on load", "its elements are:", "data-event-tracking-load")
      expect { expect(html).to trigger_internal_events("view_book").on_click }
        .to fail_with("on click", 'data-event-tracking is "place_order", not "view_book"')
    end

    it "says of each element what is not as expected" do
      html = '<a data-event-tracking="place_order" data-event-value="5">Buy</a>'
      expect { expect(html).to trigger_internal_events("place_order").with(additional_properties: { label: "gift" }).on_click }
        .to fail_with('there is no data-event-label, which should be "gift"', 'data-event-value is "5", and should not be there')
    end

    it "fails when there is no such element" do
      expect { expect("<p></p>").to trigger_internal_events("view_book").on_click }
        .to fail_with("no element of it triggers any event")
    end

    it "is negated without names" do
      expect { expect(html).not_to trigger_internal_events }.to fail_with("to trigger no event, but its elements are")
      expect { expect(html).not_to trigger_internal_events("view_book") }.to raise_error(ArgumentError, /without arguments/)
    end

    it "refuses what nobody can see in HTML" do
      expect { expect(html).to trigger_internal_events("place_order").once }.to raise_error(ArgumentError, /no counts/)
      expect { expect(html).to trigger_internal_events("place_order", "view_book").on_click }
        .to raise_error(ArgumentError, /one event at a time/)
      expect { expect(html).to trigger_internal_events("place_order").with(user: user).on_click }
        .to raise_error(ArgumentError, /says nothing of user/)
      expect { expect(html).to trigger_internal_events("place_ordr").on_click }.to raise_error(ArgumentError, /Unknown event/)
    end
  end
end
