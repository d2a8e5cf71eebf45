# frozen_string_literal: true

require "net/http"
require "socket"
require "spec_helper"
require "support/shop_process"

# Passenger loads the application once and forks its processes from that.
RSpec.describe "A Rails application under Passenger", internal_events: false do
  before do
    there = system("passenger", "--version", out: File::NULL, err: File::NULL)
    skip Checkout.skip_reason("passenger is not installed") unless there
  end

  # Of its engines, the one that is built in needs no other server.
  def start(shop, port)
    shop.start("passenger", "start", "--engine", "builtin", "--environment", "production", "--address", "127.0.0.1", "--port", port.to_s,
               "--max-pool-size", "2", "--min-instances", "2", "--spawn-method", "smart", "--instance-registry-dir", shop.directory,
               "--pid-file", "passenger.pid", "--log-file", "passenger.log", "--no-compile-runtime", "--disable-security-update-check",
               "--disable-anonymous-telemetry")
    shop.wait("the shop answers") do
      Net::HTTP.get_response("127.0.0.1", "/flush", port).code == "200"
    rescue SystemCallError, EOFError
      false
    end
  end

  # Sends orders from some threads; returns which processes took them.
  def order(port, customers, threads: 4)
    customers.each_slice(customers.size / threads).map do |slice|
      Thread.new do
        Net::HTTP.start("127.0.0.1", port) do |http|
          slice.map do |customer|
            answer = http.post("/orders", "customer=#{customer}&payment=card&price=250")
            raise "#{answer.code} #{answer.body}" unless answer.code == "201"

            answer.body.to_i
          end
        end
      end
    end.flat_map(&:value)
  end

  it "counts exactly, also what the application tracked before the forks" do
    port = TCPServer.open("127.0.0.1", 0) { |it| it.addr[1] }
    ShopProcess.run do |shop|
      shop.write("config.ru", "require 'SHOP'\n7.times { InternalEvents.track_event('view_book', user: 1) }\nrun Shop\n")
      FileUtils.mkdir_p(File.join(shop.directory, "public"))
      start(shop, port)
      pids = order(port, Array.new(200) { |it| (it % 50) + 1 })
      shop.stop

      expect(pids.size).to eq(200)
      expect(pids.uniq.size).to eq(2)
      expect(shop.metrics).to include(
        "counts.count_total_place_order" => 200, "counts.count_total_view_book" => 7, "counts.sum_value_from_place_order" => 50_000,
        "redis_hll_counters.count_distinct_user_id_from_place_order_weekly" => 50
      )
    end
  end
end
