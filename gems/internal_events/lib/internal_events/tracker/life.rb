# frozen_string_literal: true

module InternalEvents
  class Tracker
    # How a tracker is opened, flushed, taken across forks, and closed.
    #
    # Whatever waits holds the tracker's lock for a slice of time, and a fork holds it from before to after: so no
    # handle to the data is ever open, and none is opened, while the process forks.
    module Life
      # Milliseconds after which somebody who waits asks Ruby whether there is a signal, say.
      SLICE = 50
      # Milliseconds a fork waits for the journal at most.
      FORK_PATIENCE = 10_000
      private_constant :SLICE, :FORK_PATIENCE

      # No WeakMap: Ruby 3.1 hands out of one what it has collected already.
      @live = {}.compare_by_identity

      class << self
        # @return [Array<Tracker>] those with handles to data, until they are closed
        def live
          @live.keys
        end

        def remember(tracker)
          @live[tracker] = true
        end

        def forget(tracker)
          @live.delete(tracker)
        end
      end

      # Waits until all that was tracked before is durable, in a handler of a signal too.
      #
      # @param timeout [Numeric] seconds
      # @return [nil]
      # @raise [TimeoutError] if it is not by then; it may be later
      # @raise [Error] if the journal cannot be written
      def flush(timeout = 5)
        return if wait(timeout) { @native.flush(SLICE) }

        raise TimeoutError, "what was tracked is not durable after #{timeout} s"
      ensure
        say_notices
      end

      # Writes what was tracked, gives destinations some time, and ends; what they have not taken stays in the journal.
      #
      # @param timeout [Numeric] seconds for the journal, and again for destinations
      # @return [Boolean] whether all was written in time
      def close(timeout = InternalEvents.configuration.exit_timeout)
        unless @in_memory
          flush(timeout) if @native.open?
          wait(timeout) { @native.delivered? || (sleep(0.01) && false) }
        end
        wait(timeout) { @native.shut_down(SLICE) }.tap { |is_over| Life.forget(self) if is_over }
      ensure
        say_notices
      end

      # Lets go of every handle to the data; see {Forking}.
      #
      # @api private
      def before_fork
        @held = hold
        # Another thread is at it, and a handler of a signal cannot wait for it: the new process will say so.
        return unless @held || @lock.owned?
        return if @native.let_go(FORK_PATIENCE)

        say(:error, :fork, "the journal was not written in time for a fork, so the new process will not track anything")
      end

      # @api private
      def after_fork
        @lock.unlock if @held
        @held = false
      end

      private

      # Whether the lock is held now and was not before.
      def hold
        return false if @lock.owned?

        @lock.lock
        true
      rescue ThreadError
        @lock.try_lock
      end

      # Runs a block while no fork comes in between. A handler of a signal may wait for no lock, so another thread runs it
      # there; unless the handler has interrupted who holds the lock, and who can only go on after it.
      def unforked(&block)
        return yield if @lock.owned?
        return @lock.synchronize(&block) unless InternalEvents.handling_signal?

        Thread.new { Thread.current.report_on_exception = false; @lock.synchronize(&block) }.value
      end

      # Does something again and again until it is true; false if that takes longer.
      def wait(timeout)
        until_then = Process.clock_gettime(Process::CLOCK_MONOTONIC) + timeout
        loop do
          return true if unforked { yield }
          return false if Process.clock_gettime(Process::CLOCK_MONOTONIC) >= until_then
        end
      end
    end
  end
end
