# frozen_string_literal: true

# Writes the Makefile by which RubyGems builds and installs the extension: with cargo, and no other gem.

require "rbconfig"

here = __dir__
# A gem brings the sources along; a checkout has them above.
workspace = [File.expand_path("../workspace", here), File.expand_path("../../../..", here)].find { |it| File.file?(File.join(it, "Cargo.lock")) }
abort "the sources of the extension are not there; was the gem made with bin/package?" unless workspace
abort "cargo is not installed; https://rustup.rs has it" unless system("cargo", "--version", out: File::NULL, err: File::NULL)

profile = ENV.fetch("INTERNAL_EVENTS_PROFILE", "release")
library = "libinternal_events_ruby"
# Where cargo builds, unless it is told: below the extension, and gone once it is installed.
named = ENV.fetch("CARGO_TARGET_DIR", "")
target = named.empty? ? File.join(Dir.pwd, "target") : File.expand_path(named)
built = File.join(target, profile, "#{library}.#{RbConfig::CONFIG.fetch("SOEXT")}")
loaded = "#{library}.#{RbConfig::CONFIG.fetch("DLEXT")}"
flags = profile == "release" ? "--release" : ""

# RubyGems sets SOURCE_DATE_EPOCH, for which cargo would build again what it has; nothing here has a date in it.
File.write("Makefile", <<~MAKE)
  sitearchdir = #{RbConfig::CONFIG.fetch("sitearchdir")}
  sitelibdir = #{RbConfig::CONFIG.fetch("sitelibdir")}
  unexport SOURCE_DATE_EPOCH

  all:
  \tcd "#{workspace}" && CARGO_TARGET_DIR="#{target}" cargo build #{flags} --locked -p internal-events-ruby
  \tcp "#{built}" "#{loaded}"

  install: all
  \tmkdir -p "$(DESTDIR)$(sitearchdir)/internal_events"
  \tcp "#{loaded}" "$(DESTDIR)$(sitearchdir)/internal_events/#{loaded}"
  \t#{named.empty? ? "rm -rf \"#{target}\"" : ":"}

  clean:
  \trm -f "#{loaded}"

  .PHONY: all install clean
MAKE
