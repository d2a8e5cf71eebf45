-- Reads counters of one slot, and how far one journal has been counted in them.
--
-- KEYS: the counters, then the hash of positions unless there is none.
-- ARGV: journal, then for each counter what it should be: 'string' or 'hash'.
-- Answers {position or '', what the first is, its content, ...}, where what it is is one of
--         'string', 'hash', 'none', and 'other' with what the server says about it.
local wanted = #ARGV - 1
local answer = {''}
if #KEYS > wanted then
  answer[1] = redis.call('HGET', KEYS[wanted + 1], ARGV[1]) or ''
end

local verbs = {string = 'GET', hash = 'HGETALL'}
local others = {string = 'hash', hash = 'string'}

local function read(kind, key)
  local content = redis.pcall(verbs[kind], key)
  if type(content) == 'table' and content.err then return nil, content.err end
  local is_there = content and #content > 0 or kind == 'string' and content
  return {is_there and kind or 'none', content or ''}
end

for number = 1, wanted do
  local kind, key = ARGV[number + 1], KEYS[number]
  local found, err = read(kind, key)
  found = found or read(others[kind], key) or {'other', err}
  answer[#answer + 1] = found[1]
  answer[#answer + 1] = found[2]
end
return answer
