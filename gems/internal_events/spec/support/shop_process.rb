# frozen_string_literal: true

require_relative "checkout"
require_relative "patience"
require_relative "shop_server"

# The example shop under a program that is not Puma, with directories of its own.
class ShopProcess
  attr_reader :data, :directory

  def self.run(**environment)
    Dir.mktmpdir do |directory|
      shop = new(directory, environment)
      yield shop
    ensure
      shop&.stop
    end
  end

  def initialize(directory, environment)
    @directory = directory
    @data = File.join(directory, "data")
    FileUtils.cp(ShopServer.database, File.join(directory, "shop.sqlite3"))
    @environment = {
      "DATABASE_URL" => "sqlite3:#{directory}/shop.sqlite3?pool=16&timeout=20000", "INTERNAL_EVENTS_DATA" => @data,
      "RAILS_ENV" => "production", "RUBYLIB" => Checkout::LIB
    }.merge(environment.transform_keys(&:to_s))
  end

  # Writes a file of the application, which has the shop.
  def write(path, text) = File.write(File.join(directory, path), text.gsub("SHOP", "#{Checkout::SHOP}/shop"))

  def start(*command)
    @log = File.open(log_path, "a")
    @pid = Process.spawn(@environment, *command, chdir: directory, in: File::NULL, out: @log, err: @log)
  end

  # Asks it to end, and waits until it has.
  def stop
    return unless @pid

    Process.kill(:TERM, @pid)
    Process.wait(@pid)
    @pid = nil
    $?
  end

  # Waits for something that it does; where it ends before, it says why.
  def wait(what)
    Patience.wait(what, 60) do
      raise "it has ended before #{what}:\n#{log}" if Process.wait(@pid, Process::WNOHANG)

      yield
    end
  end

  def log = File.read(log_path)

  def metrics(*arguments) = Checkout.metrics(Checkout::SHOP, @data, *arguments)

  private

  def log_path = File.join(directory, "log.txt")
end
