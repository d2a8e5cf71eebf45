# frozen_string_literal: true

require "net/http"
require_relative "checkout"
require_relative "patience"

# The example shop under Puma, as a user would run it, with directories of its own.
class ShopServer
  # An answer, who gave it, and when it was there.
  Answer = Struct.new(:customer, :pid, :at)

  attr_reader :data, :directory

  def self.run(**options)
    Dir.mktmpdir do |directory|
      server = new(directory, **options)
      yield server
    ensure
      server&.stop
    end
  end

  # @param at_start [String] Ruby that runs when the application has been loaded
  def initialize(directory, environment: {}, preload: false, at_start: "")
    @directory = directory
    @rackup = File.join(directory, "config.ru")
    File.write(@rackup, "require '#{Checkout::SHOP}/shop'\n#{at_start}\nrun Shop\n")
    @data = File.join(directory, "data")
    @socket = File.join(directory, "puma.sock")
    @environment = environment.merge(
      "INTERNAL_EVENTS_DATA" => @data,
      "DATABASE_URL" => "sqlite3:#{directory}/shop.sqlite3?pool=16&timeout=20000",
      "RAILS_ENV" => "production", "RAILS_MAX_THREADS" => "5", "RUBYLIB" => Checkout::LIB,
      "SHOP_BIND" => "unix://#{@socket}", "SHOP_PRELOAD" => preload.to_s, "WEB_CONCURRENCY" => "2"
    )
    FileUtils.cp(self.class.database, File.join(directory, "shop.sqlite3"))
    start
  end

  # Tables and customers, made once for all.
  def self.database
    @database ||= begin
      directory = Dir.mktmpdir("shop")
      at_exit { FileUtils.rm_rf(directory) }
      variables = { "DATABASE_URL" => "sqlite3:#{directory}/shop.sqlite3", "RUBYLIB" => Checkout::LIB,
                    "RAILS_ENV" => "production", "INTERNAL_EVENTS_DATA" => directory }
      output, status = Open3.capture2e(variables, "ruby", "bin/rails", "runner", "Shop.prepare", chdir: Checkout::SHOP)
      raise "the shop cannot be prepared:\n#{output}" unless status.success?

      File.join(directory, "shop.sqlite3")
    end
  end

  def start
    @log = File.open(File.join(@directory, "puma.log"), "w")
    @master = Process.spawn(@environment, "puma", "-C", "config/puma.rb", @rackup, chdir: Checkout::SHOP, out: @log, err: @log)
    wait_for_workers
  end

  # Asks the server to end, and waits until it has.
  def stop(signal = :TERM)
    return unless @master

    Process.kill(signal, @master)
    Process.wait(@master)
    @master = nil
  end

  # A phased restart: one worker after the other is replaced while the others go on.
  def roll
    before = worker_pids
    Process.kill(:USR1, @master)
    Patience.wait("all workers are new") { (worker_pids & before).empty? && worker_pids.size == 2 }
  end

  def kill_worker(pid) = Process.kill(:KILL, pid)

  # The workers are the children of the master.
  def worker_pids
    File.read("/proc/#{@master}/task/#{@master}/children").split.map(&:to_i)
  rescue Errno::ENOENT
    []
  end

  def connect = Connection.new(@socket)

  # Sends orders of these customers from some threads at a time; returns those that were answered,
  # and those of which nobody knows because the connection broke.
  def order(customers, threads: 6, payment: "card", price: 250)
    waiting = Queue.new
    customers.each { |it| waiting << it }
    waiting.close
    answered = Queue.new
    in_doubt = Queue.new
    Array.new(threads) { Thread.new { order_all(waiting, answered, in_doubt, payment: payment, price: price) } }
         .each(&:join)
    [drain(answered), drain(in_doubt)]
  end

  def drain(queue) = Array.new(queue.size) { queue.pop }

  def metrics(*arguments) = Checkout.metrics(Checkout::SHOP, @data, *arguments)

  def log = File.read(File.join(@directory, "puma.log"))

  # A connection over the socket that is kept.
  class Connection
    def initialize(socket)
      @socket = socket
      @http = connect
    end

    def get(path) = @http.request(Net::HTTP::Get.new(path))

    def post(path, **form)
      request = Net::HTTP::Post.new(path)
      request.set_form_data(form)
      @http.request(request)
    end

    # Whatever became of the request, the next one has a connection of its own.
    def reconnect = @http = connect

    private

    def connect
      io = Net::BufferedIO.new(UNIXSocket.new(@socket), read_timeout: 30)
      PlainHttp.new(io)
    end
  end

  # As much HTTP as a test needs over any socket: Net::HTTP itself knows only TCP.
  PlainHttp = Struct.new(:io) do
    def request(request)
      request["Host"] = "shop"
      request["Connection"] = "keep-alive"
      request.exec(io, "1.1", request.path)
      response = Net::HTTPResponse.read_new(io)
      response.reading_body(io, request.response_body_permitted?) { response.body }
      response
    end
  end

  private

  def wait_for_workers
    Patience.wait("the shop answers; it says:\n#{log}") do
      raise "puma has ended:\n#{log}" if Process.wait(@master, Process::WNOHANG)

      File.socket?(@socket) && log.scan(/Worker \d+ \(PID: \d+\) booted/).size >= 2
    end
  end

  def order_all(waiting, answered, in_doubt, **form)
    connection = connect
    while (customer = waiting.pop)
      begin
        answer = connection.post("/orders", customer: customer, **form)
        raise "#{answer.code} #{answer.body}\n#{log}" unless answer.code == "201"

        answered << Answer.new(customer, answer.body.to_i, Patience.now)
      rescue EOFError, Errno::ECONNRESET, Errno::EPIPE, Errno::ECONNREFUSED
        in_doubt << customer
        connection.reconnect
      end
    end
  end
end
