-- Takes counters of one slot over from somewhere else: what is new about them, and once.
--
-- KEYS: the hash of positions, then the keys the changes name by their number in this list.
-- ARGV: the mark of the source, lifetime in seconds, values per key, the value for all others,
--       then for each change: verb, number of the key, 'weekly' or '', number of the hash that
--       says how much was taken or 0, its field, what is expected there, what comes there, what
--       is added, and one more argument.
-- Answers for each change 'done', 'changed' (somebody else took meanwhile), or an error.
local lifetime, room, other = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local LARGEST = '9223372036854775807'

-- The first write decides whether the server takes writes at all.
local marked = redis.pcall('HSET', KEYS[1], ARGV[1], '1')
if type(marked) == 'table' and marked.err then return marked end

local function fault(reply)
  return type(reply) == 'table' and reply.err or nil
end

local function is_overflow(err)
  return err and string.find(err, 'overflow', 1, true)
end

local verbs = {}

function verbs.total(key, amount)
  local err = fault(redis.pcall('INCRBY', key, amount))
  if is_overflow(err) then err = fault(redis.pcall('SET', key, LARGEST, 'KEEPTTL')) end
  return err
end

function verbs.sum(key, amount)
  -- A sum that is copied to where there is none is the same to the last digit.
  if redis.call('EXISTS', key) == 0 then return fault(redis.pcall('SET', key, amount)) end
  return fault(redis.pcall('INCRBYFLOAT', key, amount))
end

function verbs.value(key, amount, value)
  local values = redis.pcall('HLEN', key)
  if fault(values) then return fault(values) end
  if values >= room and redis.pcall('HEXISTS', key, value) == 0 then value = other end
  local err = fault(redis.pcall('HINCRBY', key, value, amount))
  if is_overflow(err) then err = fault(redis.pcall('HSET', key, value, LARGEST)) end
  return err
end

function verbs.sketch(key, amount, seed)
  local err = fault(redis.pcall('SET', KEYS[tonumber(seed)], amount))
  if not err then err = fault(redis.pcall('PFMERGE', key, KEYS[tonumber(seed)])) end
  redis.pcall('DEL', KEYS[tonumber(seed)])
  return err
end

local function expire(key)
  local ttl = redis.pcall('TTL', key)
  if type(ttl) == 'number' and ttl <= 0 then redis.pcall('EXPIRE', key, lifetime) end
end

local answer = {}
for at = 5, #ARGV, 9 do
  local key, is_weekly = KEYS[tonumber(ARGV[at + 1])], ARGV[at + 2] == 'weekly'
  local record, field, expected = KEYS[tonumber(ARGV[at + 3])], ARGV[at + 4], ARGV[at + 5]
  if record and (redis.call('HGET', record, field) or '') ~= expected then
    answer[#answer + 1] = 'changed'
  else
    local err = verbs[ARGV[at]](key, ARGV[at + 7], ARGV[at + 8])
    if not err and record then
      redis.call('HSET', record, field, ARGV[at + 6])
      if is_weekly then expire(record) end
    end
    if not err and is_weekly then expire(key) end
    answer[#answer + 1] = err or 'done'
  end
end
return answer
