# frozen_string_literal: true

require "spec_helper"
require "support/redis_server"
require "support/shop_server"

# The example shop under Puma with two workers of five threads: what was answered is counted.
# RAILS_SCALE=10 makes more of everything.
RSpec.describe "A Rails application under Puma", internal_events: false do
  let(:scale) { Integer(ENV.fetch("RAILS_SCALE", 1)) }

  total = "counts.count_total_place_order"
  users = "redis_hll_counters.count_distinct_user_id_from_place_order_weekly"
  sum = "counts.sum_value_from_place_order"

  # How long an event that was answered may be in a process' memory alone. Documented are 20 ms
  # until the writer takes it, and one commit; a busy disk or machine may take far longer.
  at_most = 1.0

  def customers(count) = (1..(count * scale)).map { |it| (it % 50) + 1 }

  # Workers are asked until each of them has said that it has flushed.
  def flush_all(shop)
    waiting = shop.worker_pids
    Patience.wait("all workers have flushed") do
      waiting -= [shop.connect.get("/flush").body.to_i]
      waiting.empty?
    end
  end

  # Kills a worker while orders come; returns how many events were counted, what was answered by
  # whom, and when the worker was killed.
  def kill_under_load(shop, orders)
    victim = shop.worker_pids.sample
    killed_at = nil
    killer = Thread.new do
      sleep rand(0.05..0.3)
      killed_at = Patience.now
      shop.kill_worker(victim)
    end
    answered, in_doubt = shop.order(orders)
    killer.join
    Patience.wait("there are two workers again") { (shop.worker_pids - [victim]).size == 2 }
    [answered, in_doubt, answered.select { |it| it.pid == victim }.map { |it| killed_at - it.at }]
  end

  it "counts exactly, also in forks of an application that has tracked, and loses only what was not yet durable" do
    at_start = "7.times { InternalEvents.track_event('view_book', user: Customer.first) }"
    ShopServer.run(preload: true, at_start: at_start) do |shop|
      answered, in_doubt = shop.order(customers(200))
      expect([answered.size, in_doubt.size]).to eq([200 * scale, 0])
      expect(answered.map(&:pid).uniq.size).to eq(2)

      flush_all(shop)
      killed = shop.worker_pids
      killed.each { |it| shop.kill_worker(it) }
      counted = { total => 200 * scale, users => 50, sum => 200 * scale * 250, "counts.count_total_view_book" => 7 }
      expect(shop.metrics).to include(counted)
      Patience.wait("there are two workers again") { (shop.worker_pids - killed).size == 2 }

      before = counted[total]
      lost, oldest = 0, 0.0
      (4 * scale).times do
        answered, in_doubt, ages = kill_under_load(shop, customers(100))
        flush_all(shop)
        now = shop.metrics.fetch(total)
        at_risk = ages.count { |it| it < at_most }
        expect(now - before).to be_between(answered.size - at_risk, answered.size + in_doubt.size)
        missing = [answered.size - (now - before), 0].max
        # The youngest are lost first, for the journal is written in order.
        oldest = [oldest, *ages.min(missing)].max
        lost += missing
        before = now
      end
      RSpec.configuration.reporter.message(
        "#{4 * scale} kills under load: #{lost} answered events lost, the oldest #{(oldest * 1000).round} ms old"
      )
    end
  end

  it "counts exactly in Redis" do
    skip Checkout.skip_reason("redis-server is not installed") unless RedisServer.installed?

    RedisServer.run do |redis|
      ShopServer.run(preload: true, environment: { "INTERNAL_EVENTS_REDIS_URL" => redis.url }) do |shop|
        answered, = shop.order(customers(200))
        shop.stop
        week = Time.now.utc.strftime("%G-%V")

        expect(answered.size).to eq(200 * scale)
        expect(redis.call("GET", "{event_counters}_place_order").to_i).to eq(200 * scale)
        expect(redis.call("PFCOUNT", "{hll_counters}_place_order-user-#{week}")).to eq(50)
        expect(shop.metrics("--redis", redis.url)).to include(total => 200 * scale, users => 50)
      end
    end
  end

  it "loses nothing in a rolling restart under load, nor in a restart" do
    ShopServer.run do |shop|
      generations = [shop.worker_pids]
      rolling = Thread.new { shop.roll }
      answered, in_doubt = [], []
      while rolling.alive?
        more = shop.order(customers(30))
        answered.concat(more[0])
        in_doubt.concat(more[1])
      end
      rolling.join
      generations << shop.worker_pids
      answered.concat(shop.order(customers(30))[0])
      shop.stop
      shop.start
      generations << shop.worker_pids
      answered.concat(shop.order(customers(30))[0])
      shop.stop(:INT)

      expect(shop.metrics.fetch(total)).to be_between(answered.size, answered.size + in_doubt.size)
      expect(generations.map { |it| it & answered.map(&:pid) }).to all(be_any)
    end
  end
end
