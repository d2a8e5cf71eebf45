# frozen_string_literal: true

module InternalEvents
  # Takes trackers across forks: Puma's workers, Sidekiq's, Spring's and Passenger's applications are forks.
  #
  # Neither a handle of SQLite nor a lock on a file may be carried into another process, so all of them are closed
  # before a fork. What was tracked before is written then, by this process alone; both processes open their own
  # handles when they track the next time.
  module Forking
    # Ruby's own way to see every `fork` (since 3.1).
    module Hooks
      def _fork
        Forking.around { super }
      end

      # The one fork of Ruby's that is not seen so.
      def daemon(...)
        Forking.around { super }
      end
    end

    class << self
      # @yield to fork
      def around
        before = []
        Tracker::Life.live.each do |tracker|
          before << [tracker, tracker.forking]
          tracker.before_fork
        end
        yield
      ensure
        before.each { |tracker, forking| tracker.after_fork(forking) }
      end
    end
  end

  # For code that forks without Ruby's knowing: lets go of all handles until the next event.
  #
  # @return [nil]
  def self.before_fork
    Forking.around { nil }
  end

  Process.singleton_class.prepend(Forking::Hooks)
end
