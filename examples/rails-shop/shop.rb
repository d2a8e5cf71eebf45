# frozen_string_literal: true

# A shop with books, as small as a Rails application can be: two pages, one service, one file.

require "logger"
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "internal_events"

ENV["DATABASE_URL"] ||= "sqlite3:#{__dir__}/tmp/shop.sqlite3?pool=16&timeout=10000"

class Shop < Rails::Application
  config.load_defaults 6.1
  config.root = __dir__
  config.eager_load = Rails.env.production?
  config.cache_classes = !Rails.env.development?
  config.secret_key_base = "a shop in an example has no secrets"
  config.hosts.clear
  config.log_level = ENV.fetch("SHOP_LOG", "warn")
  config.logger = Logger.new($stderr)
  config.active_record.legacy_connection_handling = false

  # Beside the definitions unless this variable says otherwise.
  config.internal_events.data = ENV.fetch("INTERNAL_EVENTS_DATA", root.join("tmp/internal-events"))

  routes.append do
    get "books/:id", to: "books#show"
    post "orders", to: "orders#create"
    get "flush", to: "flush#show"
  end

  # Makes tables and customers where there are none.
  def self.prepare
    ActiveRecord::Schema.verbose = false
    ActiveRecord::Schema.define do
      create_table(:chains, if_not_exists: true) { |it| it.string :name }
      create_table(:branches, if_not_exists: true) { |it| it.references :chain }
      create_table(:customers, if_not_exists: true) { |it| it.string :name }
    end
    return if Branch.exists?

    Branch.create!(chain: Chain.create!(name: "Paper and more"))
    Customer.insert_all((1..100).map { |it| { name: "Customer #{it}" } })
  end
end

Shop.initialize!

# Who owns several branches.
class Chain < ActiveRecord::Base; end

# A project, as far as tracking is concerned: what belongs to a namespace.
class Branch < ActiveRecord::Base
  belongs_to :chain

  def namespace = chain
end

class Customer < ActiveRecord::Base; end

# What a customer wants. Where real shops keep their orders is beside the point here.
class Order
  include ActiveModel::Model

  PAYMENTS = %w[card gift invoice].freeze

  attr_accessor :customer, :branch, :payment, :price

  validates :payment, inclusion: { in: PAYMENTS }

  def self.take(**attributes) = new(**attributes).tap { |it| it.taken = it.valid? }

  attr_writer :taken

  def persisted? = @taken

  def project = branch
end

# Takes an order; what became of it is tracked once it is known.
class PlaceOrder
  include InternalEvents::ServiceTracking

  track_internal_event "place_order",
    additional_properties: ->(order) { { label: order.payment, value: order.price } }
  track_internal_event "refuse_order", on: :error

  attr_reader :current_user

  def initialize(customer, branch, **order)
    @current_user = customer
    @branch = branch
    @order = order
  end

  def execute
    Order.take(customer: current_user, branch: @branch, **@order)
  end
end

class BooksController < ActionController::Base
  include ProductAnalyticsTracking

  track_internal_event :show, name: "view_book",
    additional_properties: ->(controller) { { label: controller.params[:kind] || "paper" } }

  def show
    render html: '<button data-event-tracking="click_buy" data-event-label="paper">Buy</button>'.html_safe
  end

  private

  def current_user = Customer.find_by(id: params[:customer])
  def tracking_project_source = Branch.first
end

class OrdersController < ActionController::Base
  skip_forgery_protection

  def create
    customer = Customer.find(params[:customer])
    order = PlaceOrder.new(customer, Branch.first, payment: params[:payment], price: params[:price].to_i).execute
    order.persisted? ? render(plain: "#{Process.pid}\n", status: :created) : head(:unprocessable_entity)
  end
end

# Who asks knows that all events of the requests that this process answered before are durable.
class FlushController < ActionController::Base
  def show
    InternalEvents.tracker.flush(10)
    render plain: "#{Process.pid}\n"
  end
end
