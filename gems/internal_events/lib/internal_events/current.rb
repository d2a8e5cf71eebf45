# frozen_string_literal: true

# The tracker of this process.
module InternalEvents
  @current = Mutex.new

  class << self
    # @return [Configuration]
    def configuration
      @configuration ||= Configuration.new
    end

    # Decides what is not in `internal-events.toml`; what was open is closed, and opened anew when it is wanted.
    #
    # @yieldparam configuration [Configuration]
    def configure
      yield configuration
      forget
    end

    # @return [Installation] what this process goes by
    # @raise [Error] if it cannot be read
    def installation
      @installation || @current.synchronize { @installation ||= open_installation }
    end

    # @return [Tracker] the tracker that is in use
    # @raise [Error] if the installation cannot be read
    def tracker
      @instead || @tracker || make_tracker
    end

    # Uses another tracker; nil goes back to the configured one.
    #
    # @param tracker [Tracker, nil]
    def tracker=(tracker)
      @instead = tracker
    end

    # Uses another tracker, in all threads, while a block runs.
    #
    # @param tracker [Tracker]
    def with_tracker(tracker)
      before, @instead = @instead, tracker
      yield tracker
    ensure
      @instead = before
    end

    # Reads the definitions again; the tracker goes on with the new ones.
    #
    # @return [Installation]
    def reload
      read = open_installation
      @current.synchronize do
        @installation = read
        @tracker&.reload(read)
      end
      read
    end

    # Closes the configured tracker; the next event opens a new one.
    #
    # @api private
    def forget
      tracker = @current.synchronize do
        @installation = nil
        @tracker.tap { @tracker = nil }
      end
      tracker&.close
      nil
    end

    private

    def make_tracker
      return Thread.new { make_tracker }.value if handling_signal? && !@current.owned?

      read = installation
      @current.synchronize { @tracker ||= Tracker.durable(read) }
    end

    def open_installation
      Installation.open.tap do |it|
        next if it.problems.empty?

        configuration.logger.warn("#{it.problems.size} definitions are wrong and do not count; " \
                                  "`internal-events check` says which, the first is #{it.problems.first}")
      end
    end
  end

  at_exit do
    Tracker::Life.live.each do |tracker|
      tracker.close
    rescue Error => error
      tracker.report(error, at: "exit")
    end
  end
end
