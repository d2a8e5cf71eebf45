# frozen_string_literal: true

require "rbconfig"

module InternalEvents
  # What is written in Rust; nobody but this gem calls it.
  module Native
    # Finds the library, or builds it where the sources are.
    module Library
      NAME = "libinternal_events_ruby"
      # What Ruby loads, and what cargo builds; the same on Linux.
      LOADED = RbConfig::CONFIG.fetch("DLEXT")
      BUILT = RbConfig::CONFIG.fetch("SOEXT", LOADED)
      INSTALLED = File.expand_path("#{NAME}.#{LOADED}", __dir__)
      CHECKOUT = File.expand_path("../../../..", __dir__)
      NEEDED = "it needs cargo, a C compiler, and the packages ruby-dev and libclang-dev (as Debian calls them)"

      class << self
        # Loads the library that the variable names, the installed one, or that of the checkout.
        def load
          require(path)
        rescue LoadError => error
          raise BuildError, "cannot load the native part of internal_events: #{error.message}"
        end

        private

        def path
          named = ENV["INTERNAL_EVENTS_NATIVE"].to_s
          return File.expand_path(named) unless named.empty?
          return INSTALLED if File.file?(INSTALLED)

          raise BuildError, "internal_events has no #{INSTALLED}; install the gem again" unless checkout?

          loadable(fresh || build)
        end

        def checkout?
          File.file?(File.join(CHECKOUT, "crates/tracker/Cargo.toml"))
        end

        def target
          File.expand_path(ENV.fetch("CARGO_TARGET_DIR", "target"), CHECKOUT)
        end

        # The newest library that is not older than its sources.
        def fresh
          built = %w[release debug].map { |profile| File.join(target, profile, "#{NAME}.#{BUILT}") }
          built.select { |it| File.file?(it) && fresh?(it) }.max_by { |it| File.mtime(it) }
        end

        # Cargo writes down beside the library which files it was built from.
        def fresh?(library)
          built_at = File.mtime(library)
          list = library.delete_suffix(BUILT) + "d"
          return false unless File.file?(list)

          sources = File.read(list).split(":", 2).last.to_s.gsub("\\\n", " ").split(/(?<!\\)\s+/)
          sources.reject(&:empty?).all? { |it| older?(it.gsub("\\ ", " "), built_at) }
        end

        def older?(source, time)
          File.mtime(File.expand_path(source, CHECKOUT)) <= time
        rescue SystemCallError
          false
        end

        # Builds once, however many processes want it.
        def build
          Dir.mkdir(target) unless File.directory?(target)
          File.open(File.join(target, "internal-events-ruby.lock"), File::RDWR | File::CREAT) do |lock|
            lock.flock(File::LOCK_EX)
            fresh || cargo
          end
        end

        def cargo
          warn "internal_events: building the native part, once; this takes a few minutes"
          command = %w[cargo build --release --locked --quiet -p internal-events-ruby]
          built = system(*command, chdir: CHECKOUT, in: File::NULL, out: :err)
          raise BuildError, "there is no cargo to build the native part of internal_events with; #{NEEDED}" if built.nil?
          raise BuildError, "`#{command.join(" ")}` failed in #{CHECKOUT}; #{NEEDED}" unless built

          touched(File.join(target, "release", "#{NAME}.#{BUILT}"))
        end

        # Cargo leaves a library alone that did not change, and its sources may only look newer.
        def touched(library)
          File.utime(nil, nil, library)
          library
        end

        # Where Ruby loads only files of another name, there is a copy.
        def loadable(library)
          return library if LOADED == BUILT

          copy = "#{library.delete_suffix(BUILT)}#{LOADED}"
          unless File.file?(copy) && File.mtime(copy) >= File.mtime(library)
            require "fileutils"
            FileUtils.cp(library, "#{copy}.#{Process.pid}")
            File.rename("#{copy}.#{Process.pid}", copy)
          end
          copy
        end
      end
    end

    Library.load
  end
end
