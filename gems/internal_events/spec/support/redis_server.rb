# frozen_string_literal: true

require "redis"
require "socket"

# A Redis server of a test's own.
class RedisServer
  attr_reader :url

  def self.run
    server = new
    yield server
  ensure
    server&.stop
  end

  def self.installed?
    system("redis-server", "--version", out: File::NULL, err: File::NULL) == true
  end

  def initialize
    port = TCPServer.open("127.0.0.1", 0) { |it| it.addr[1] }
    @pid = Process.spawn("redis-server", "--bind", "127.0.0.1", "--port", port.to_s, "--save", "",
                         out: File::NULL, err: File::NULL)
    @url = "redis://127.0.0.1:#{port}"
    @client = Redis.new(url: @url)
    Patience.wait("redis-server answers") { ping }
  end

  def call(*command) = @client.call(command)

  def stop
    Process.kill(:KILL, @pid)
    Process.wait(@pid)
  end

  private

  def ping
    @client.ping == "PONG"
  rescue Redis::CannotConnectError
    false
  end
end
