# frozen_string_literal: true

require_relative "helper"

# How the native part is found and built, with a cargo that only copies.
class LoadingTest < Minitest::Test
  include Helper

  CARGO = <<~SH
    #!/bin/sh
    echo "$*" >>"$FAKE/log"
    [ -n "$FAKE_FAILS" ] && exit 101
    sleep 0.3
    mkdir -p "$CARGO_TARGET_DIR/release"
    cp "$FAKE_LIBRARY" "$CARGO_TARGET_DIR/release/libinternal_events_ruby.so"
    echo "$CARGO_TARGET_DIR/release/libinternal_events_ruby.so: $FAKE/source\\\\ file.rs" >"$CARGO_TARGET_DIR/release/libinternal_events_ruby.d"
  SH

  def setup
    skip "the fake cargo copies what Linux loads" unless RbConfig::CONFIG["DLEXT"] == "so"
    @fake = Dir.mktmpdir
    (@roots ||= []) << @fake
    Helper.write(@fake, "bin/cargo", CARGO)
    FileUtils.chmod(0o755, File.join(@fake, "bin/cargo"))
    Helper.write(@fake, "source file.rs", "")
  end

  def test_many_processes_build_it_once_and_again_when_a_source_has_changed
    loads = -> { 5.times.map { Thread.new { load_it } }.each { |it| assert_equal "loaded", it.value.first } }
    loads.call
    assert_equal ["build --release --locked --quiet -p internal-events-ruby\n"], log
    loads.call
    assert_equal 1, log.size
    later = Time.now + 2
    File.utime(later, later, File.join(@fake, "source file.rs"))
    load_it
    assert_equal 2, log.size
  end

  def test_what_is_missing_is_said
    _, err = load_it("PATH" => "/nowhere")
    assert_match(/there is no cargo to build the native part of internal_events with; it needs cargo, a C compiler, and the packages ruby-dev and libclang-dev/, err)
    _, err = load_it("FAKE_FAILS" => "1")
    assert_match(/`cargo build .*` failed in .*; it needs cargo/, err)
    _, err = load_it("INTERNAL_EVENTS_NATIVE" => "/nowhere/it.so")
    assert_match(%r{cannot load the native part of internal_events: .*/nowhere/it.so}, err)
  end

  private

  def log
    File.readlines(File.join(@fake, "log"))
  end

  # Loads the gem in a process of its own.
  def load_it(env = {})
    library = $LOADED_FEATURES.grep(/libinternal_events_ruby/).first
    env = {
      "FAKE" => @fake, "FAKE_LIBRARY" => library, "CARGO_TARGET_DIR" => File.join(@fake, "target"),
      "INTERNAL_EVENTS_NATIVE" => nil, "PATH" => "#{@fake}/bin:/usr/bin:/bin"
    }.merge(env)
    out, err, = Open3.capture3(env, RbConfig.ruby, "-I#{LIB}", "-e", 'require "internal_events"; print "loaded"')
    [out, err]
  end
end
