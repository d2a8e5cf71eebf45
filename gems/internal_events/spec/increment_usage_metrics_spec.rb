# frozen_string_literal: true

require "spec_helper"

RSpec.describe "increment_usage_metrics" do
  let(:user) { Record.new(5) }

  total = "counts.count_total_place_order"
  weekly_total = "counts.count_total_place_order_weekly"
  users = "redis_hll_counters.count_distinct_user_id_from_place_order_weekly"
  gifts = "counts.count_total_place_order_paid_by_gift"
  sum = "counts.sum_value_from_place_order"

  def place_order(user = self.user, **properties)
    InternalEvents.track_event("place_order", user: user, additional_properties: { label: "card", **properties })
  end

  it "expects one more of each" do
    expect { place_order }.to increment_usage_metrics(total, weekly_total, users)
    expect { place_order(label: "gift") }.to increment_usage_metrics(gifts)
  end

  it "fails when a metric does not move, and says which rule did not match" do
    expect { expect { place_order }.to increment_usage_metrics(gifts) }
      .to fail_with("expected #{gifts} to change by 1, but it stayed at 0",
                    "place_order, user: 5, additional_properties: {label: \"card\"}",
                    "does not move: its filter wants label = \"gift\", not \"card\"")
  end

  it "fails when an identifier is missing" do
    expect { expect { place_order(nil) }.to increment_usage_metrics(users) }
      .to fail_with("{hll_counters}_place_order-user-", "does not move: `user` is missing")
  end

  it "fails when another event was triggered" do
    expect { expect { InternalEvents.track_event("view_book", user: user) }.to increment_usage_metrics(total) }
      .to fail_with("it counts place_order, of which none was triggered", "triggered were: view_book, user: 5")
    expect { expect {}.to increment_usage_metrics(total) }.to fail_with("triggered were: no events")
  end

  it "fails when a user is counted already" do
    place_order
    expect { expect { place_order }.to increment_usage_metrics(users) }
      .to fail_with("but it stayed at 1", "counted before in this example does not count again")
  end

  it "fails when a user is counted twice" do
    expect { expect { 2.times { place_order } }.to increment_usage_metrics(users).by(2) }
      .to fail_with("but it went from 0 to 1", "counted before in this example does not count again")
  end

  it "takes the chains of change" do
    expect { 3.times { place_order } }.to increment_usage_metrics(total).by(3)
    expect { 2.times { place_order } }.to increment_usage_metrics(total).from(3).to(5)
    expect { 2.times { place_order } }.to increment_usage_metrics(total).by_at_least(1).by_at_most(2)
    expect { place_order(value: 2.5) }.to increment_usage_metrics(sum).by(2.5)
    expect { (1..4).each { |it| place_order(Record.new(100 + it)) } }.to increment_usage_metrics(users).by(4)
    expect { place_order }.to increment_usage_metrics(total).to(be > 3)
    expect { place_order(nil) }.to increment_usage_metrics(users).by(0)
  end

  it "fails by its chains" do
    { by: 3, by_at_least: 3, from: 1, to: 3 }.each do |chain, value|
      expect { expect { 2.times { place_order } }.to increment_usage_metrics(total).public_send(chain, value) }
        .to fail_with(/expected #{Regexp.escape(total)} to \w+ .*, but it went from \d+ to \d+/)
    end
    expect { expect { 2.times { place_order } }.to increment_usage_metrics(total).by_at_most(1) }
      .to fail_with("to change by at most 1")
  end

  it "is negated, without chains" do
    expect { place_order }.to not_increment_usage_metrics(gifts)
    expect { place_order }.not_to increment_usage_metrics(gifts)
    expect { expect { place_order }.to not_increment_usage_metrics(total) }
      .to fail_with("expected #{total} not to change, but it went from 2 to 3")
    expect { expect {}.to not_increment_usage_metrics(total).by(1) }.to raise_error(ArgumentError, /no chains/)
  end

  it "is combined" do
    expect { place_order }.to increment_usage_metrics(total).and not_increment_usage_metrics(gifts)
    expect { expect { place_order }.to increment_usage_metrics(total).and increment_usage_metrics(gifts) }
      .to fail_with("expected #{gifts}")
  end

  it "refuses key paths that no definition has" do
    expect { expect {}.to increment_usage_metrics("counts.count_total_place") }
      .to raise_error(ArgumentError, /key path 'counts.count_total_place'! Did you mean '#{Regexp.escape(total)}'\?/)
    expect { expect {}.to increment_usage_metrics }
      .to raise_error(ArgumentError, "increment_usage_metrics matcher requires key_path argument")
  end

  describe "time" do
    it "shows an event in the 7d of the next week" do
      InternalEvents::Testing.travel_to(Date.new(2026, 11, 18))
      next_week = Date.new(2026, 11, 23)

      expect { place_order }.to increment_usage_metrics(users, weekly_total).as_of(next_week)
      expect(usage_metric(users)).to eq(1)
      expect(usage_metric(users, at: next_week)).to eq(1)
      expect(usage_metric(users, at: Date.new(2026, 11, 18))).to eq(0)
      expect(usage_metric(users, at: Date.new(2026, 11, 30))).to eq(0)
    end

    it "says that a week is not complete" do
      InternalEvents::Testing.travel_to(Date.new(2026, 11, 18))
      expect { expect { place_order }.to increment_usage_metrics(users).as_of(Date.new(2026, 11, 20)) }
        .to fail_with("read on 2026-11-20, when only complete weeks show")
    end

    it "counts in the week that was traveled to" do
      InternalEvents::Testing.travel_to(Date.new(2026, 11, 18)) { place_order }
      InternalEvents::Testing.travel_to(Date.new(2026, 11, 25))

      expect(usage_metric(users)).to eq(0)
      expect { place_order }.to increment_usage_metrics(users)
      expect(usage_metric(users, at: Date.new(2026, 11, 23))).to eq(1)
    end

    it "follows what Time.now says" do
      allow(Time).to receive(:now).and_return(Time.utc(2024, 2, 1, 10))
      place_order

      accepted = InternalEvents::Testing.recorder.tracker.events.last.fetch("accepted_at")
      expect(accepted).to start_with("2024-02-01T10:00")
    end

    it "stands still, so that no example runs into another week" do
      clock = InternalEvents::Testing.recorder.clock
      expect { sleep 0.01 }.not_to(change { clock.now })
    end
  end
end
