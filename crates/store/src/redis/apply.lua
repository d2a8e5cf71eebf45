-- Applies what a stretch of one journal does to the counters of one slot, once.
--
-- KEYS: the hash of positions, then the keys the changes name by their number in this list.
-- ARGV: journal, position the stretch starts from ('' if none), its last entry, lifetime in
--       seconds, values per key, then the changes: verb, number of the key, 'weekly' or '',
--       how many updates it stands for, how many arguments follow, arguments.
-- Answers {'found', position, dropped} and changes nothing if the position is another one, or
--         {'done', dropped, number of the change, error, ...} with the changes that failed alone.
local positions, journal, from, to = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local lifetime, room = ARGV[4], tonumber(ARGV[5])
local drops = journal .. ':dropped'
local LARGEST = '9223372036854775807'

local found = redis.call('HGET', positions, journal) or ''
if found ~= from then
  return {'found', found, redis.call('HGET', positions, drops) or '0'}
end
-- The first write decides whether the server takes writes at all: when it is full, read-only or
-- short of replicas it refuses this one, and after this one it refuses none.
local moved = redis.pcall('HSET', positions, journal, to)
if type(moved) == 'table' and moved.err then return moved end

-- From here on nothing may end the script, for what it leaves out would be lost.
local function fault(reply)
  return type(reply) == 'table' and reply.err or nil
end

local function is_overflow(err)
  return err and string.find(err, 'overflow', 1, true)
end

local verbs = {}

function verbs.total(key, at)
  local err = fault(redis.pcall('INCRBY', key, ARGV[at]))
  if is_overflow(err) then err = fault(redis.pcall('SET', key, LARGEST, 'KEEPTTL')) end
  return err
end

function verbs.sum(key, at)
  return fault(redis.pcall('INCRBYFLOAT', key, ARGV[at]))
end

function verbs.value(key, at)
  local field, other = ARGV[at], ARGV[at + 2]
  local values = redis.pcall('HLEN', key)
  if fault(values) then return fault(values) end
  if values >= room and redis.pcall('HEXISTS', key, field) == 0 then field = other end
  local err = fault(redis.pcall('HINCRBY', key, field, ARGV[at + 1]))
  if is_overflow(err) then err = fault(redis.pcall('HSET', key, field, LARGEST)) end
  return err
end

function verbs.elements(key, at, last)
  return fault(redis.pcall('PFADD', key, unpack(ARGV, at, last)))
end

function verbs.sketch(key, at)
  local seed = KEYS[tonumber(ARGV[at])]
  local err = fault(redis.pcall('SET', seed, ARGV[at + 1]))
  if not err then err = fault(redis.pcall('PFMERGE', key, seed)) end
  redis.pcall('DEL', seed)
  return err
end

local answer, dropped, number, at = {'done', '0'}, 0, 0, 6
while at <= #ARGV do
  local verb, key, is_weekly = ARGV[at], KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2] == 'weekly'
  local updates, first = tonumber(ARGV[at + 3]), at + 5
  local last = first + tonumber(ARGV[at + 4]) - 1
  local err = verbs[verb](key, first, last)
  if err then
    dropped = dropped + updates
    answer[#answer + 1] = tostring(number)
    answer[#answer + 1] = err
  elseif is_weekly then
    local slides = verb == 'elements' or verb == 'sketch'
    local ttl = slides and -1 or redis.pcall('TTL', key)
    if type(ttl) == 'number' and ttl <= 0 then redis.pcall('EXPIRE', key, lifetime) end
  end
  number, at = number + 1, last + 1
end
if dropped > 0 then
  local total = redis.pcall('HINCRBY', positions, drops, dropped)
  answer[2] = tostring(fault(total) and dropped or total)
end
return answer
