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
built = File.join(ENV.fetch("CARGO_TARGET_DIR", File.join(Dir.pwd, "target")), profile, "#{library}.#{RbConfig::CONFIG.fetch("SOEXT")}")
loaded = "#{library}.#{RbConfig::CONFIG.fetch("DLEXT")}"
flags = profile == "release" ? "--release" : ""

File.write("Makefile", <<~MAKE)
  sitearchdir = #{RbConfig::CONFIG.fetch("sitearchdir")}
  sitelibdir = #{RbConfig::CONFIG.fetch("sitelibdir")}

  all:
  \tcd "#{workspace}" && CARGO_TARGET_DIR="#{File.dirname(built, 2)}" cargo build #{flags} --locked -p internal-events-ruby
  \tcp "#{built}" "#{loaded}"

  install: all
  \tmkdir -p "$(DESTDIR)$(sitearchdir)/internal_events"
  \tcp "#{loaded}" "$(DESTDIR)$(sitearchdir)/internal_events/#{loaded}"

  clean:
  \trm -f "#{loaded}"

  .PHONY: all install clean
MAKE
