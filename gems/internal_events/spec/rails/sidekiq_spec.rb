# frozen_string_literal: true

require "json"
require "securerandom"
require "spec_helper"
require "support/redis_server"
require "support/shop_process"

# Orders that come as jobs of Sidekiq: each of them is counted once, whenever it is stopped.
RSpec.describe "A Rails application under Sidekiq", internal_events: false do
  jobs = 300

  before do
    there = system("sidekiq", "--version", out: File::NULL, err: File::NULL) && RedisServer.installed?
    skip Checkout.skip_reason("sidekiq (ruby-sidekiq) or redis-server is not installed") unless there
  end

  def job(customer)
    JSON.generate(class: "OrderJob", args: [customer], jid: SecureRandom.hex(12), queue: "default", retry: false, created_at: Time.now.to_f,
                  enqueued_at: Time.now.to_f)
  end

  def waiting = @redis.call("LLEN", "queue:default")

  def start = @shop.start("sidekiq", "--require", "./jobs.rb", "--concurrency", "5")

  around do |example|
    next example.run unless RedisServer.installed?

    RedisServer.run do |redis|
      @redis = redis
      ShopProcess.run(REDIS_URL: redis.url) do |shop|
        @shop = shop
        example.run
      end
    end
  end

  it "flushes when it is stopped, and counts each job once" do
    @shop.write("jobs.rb", <<~RUBY)
      require "sidekiq"
      require "SHOP"

      class OrderJob
        include Sidekiq::Worker

        def perform(customer)
          PlaceOrder.new(Customer.find(customer), Branch.first, payment: "card", price: 250).execute
        end
      end
    RUBY
    (1..jobs).each { |it| @redis.call("LPUSH", "queue:default", job((it % 50) + 1)) }

    start
    @shop.wait("some jobs are done") { waiting < jobs - 50 }
    expect(@shop.stop).to be_success, @shop.log
    done = jobs - waiting
    expect(@shop.metrics).to include("counts.count_total_place_order" => done, "counts.sum_value_from_place_order" => done * 250)

    start
    @shop.wait("all jobs are begun") { waiting.zero? }
    expect(@shop.stop).to be_success, @shop.log
    expect(@shop.metrics).to include(
      "counts.count_total_place_order" => jobs, "redis_hll_counters.count_distinct_user_id_from_place_order_weekly" => 50
    )
  end
end
