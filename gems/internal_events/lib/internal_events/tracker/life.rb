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
        wait_for_later(timeout)
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
          wait_for_later(timeout)
          flush(timeout) if @native.open?
          wait(timeout) { @native.delivered? || (sleep(0.01) && false) }
        end
        wait(timeout) { @native.shut_down(SLICE) }.tap { |is_over| Life.forget(self) if is_over }
      ensure
        say_notices
      end

      # Whether this thread holds the lock, and which process it is that is about to fork: one fork may come within
      # another, by a handler of a signal.
      #
      # @api private
      def forking
        [@lock.owned?, @forking]
      end

      # Lets go of every handle to the data; see {Forking}.
      #
      # @api private
      def before_fork
        # Another thread is at it, and a handler of a signal cannot wait for it: the new process will say so.
        return unless hold

        @forking = Process.pid
        return if @native.let_go(FORK_PATIENCE)

        say(:error, :fork, "the journal was not written in time for a fork, so the new process will not track anything")
      end

      # @api private
      # @param forking [Array] what {#forking} said before
      def after_fork(forking)
        was_held, @forking = forking
        @lock.unlock if @lock.owned? && !was_held
      end

      private

      # Whether the lock is held now.
      def hold
        return true if @lock.owned?

        @lock.lock
        true
      rescue ThreadError
        @lock.try_lock
      end

      # Whether this is a handler of a signal that has come between {#before_fork} and the fork: what it opened, the new
      # process would carry.
      def about_to_fork?
        @lock.owned? && @forking == Process.pid
      end

      # Has another thread go on with an event when the fork is over; it is this process that tracks it.
      def after_the_fork(&again)
        @later << Thread.new do
          Thread.current.report_on_exception = false
          settle(:closed, &again)
        rescue StandardError => error
          report(error, at: "fork")
        end
        false
      end

      # Waits for those events, unless they wait for this thread.
      def wait_for_later(timeout)
        @later.pop(true).join(timeout) until @later.empty? || @lock.owned?
      rescue ThreadError
        # Somebody else has taken the last one.
      end

      # Runs a block while no fork comes in between.
      def unforked(&block)
        InternalEvents.holding(@lock, &block)
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
