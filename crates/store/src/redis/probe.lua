-- Tries the commands that counting needs, on a key of our own. Answers what each refused one says.
--
-- KEYS: a key that nobody uses.
local key = KEYS[1]
local refused = {}

local function try(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    refused[#refused + 1] = select(1, ...) .. ': ' .. reply.err
  end
end

try('HSET', key, 'a', '1')
try('HGET', key, 'a')
try('HLEN', key)
try('HEXISTS', key, 'a')
try('HINCRBY', key, 'a', '1')
try('HGETALL', key)
try('EXPIRE', key, '60')
try('TTL', key)
try('DEL', key)
try('SET', key, '1')
try('INCRBY', key, '1')
try('INCRBYFLOAT', key, '1')
try('GET', key)
try('DEL', key)
try('PFADD', key, 'a')
try('PFMERGE', key)
try('DEL', key)
return refused
