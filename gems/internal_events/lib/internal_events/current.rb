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
      @installation || holding(@current) { @installation ||= open_installation }
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
      holding(@current) do
        @installation = read
        @tracker&.reload(read)
      end
      read
    end

    # Closes the configured tracker; the next event opens a new one.
    #
    # @api private
    def forget
      tracker = holding(@current) do
        @installation = nil
        @tracker.tap { @tracker = nil }
      end
      tracker&.close
      nil
    end

    # Runs a block with a lock. A handler of a signal may wait for no lock, so another thread runs it there; unless the
    # handler has interrupted who holds the lock, and who can only go on after it.
    #
    # @api private
    def holding(lock, &block)
      return yield if lock.owned?
      return lock.synchronize(&block) unless handling_signal?

      Thread.new { Thread.current.report_on_exception = false; lock.synchronize(&block) }.value
    end

    private

    def make_tracker
      made = holding(@current) { @tracker ||= Tracker.durable(@installation ||= open_installation) }
      close_at_exit
      made
    end

    # What is to be done at exit is done from the last to the first, and the application may have something to do, and
    # to track, after this: then there is another tracker, which is closed in its turn. Threads that go on meanwhile do
    # not keep the process from ending: what they track is written when Ruby ends, but no destination is waited for.
    def close_at_exit
      return if @closes_at_exit || Thread.current != Thread.main

      @closes_at_exit = true
      at_exit { close_all }
    end

    def close_all
      @closes_at_exit = false
      holding(@current) { @tracker = nil }
      Tracker::Life.live.each do |tracker|
        tracker.close
      rescue Error => error
        tracker.report(error, at: "exit")
      end
    end

    def open_installation
      Installation.open.tap do |it|
        next if it.problems.empty?

        configuration.logger.warn("#{it.problems.size} definitions are wrong and do not count; " \
                                  "`internal-events check` says which, the first is #{it.problems.first}")
      end
    end
  end

  close_at_exit
end
