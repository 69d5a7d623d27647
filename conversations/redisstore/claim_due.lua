-- claim_due.lua: lease the effects of one shard that are due, the earliest first.
-- KEYS  1 {s7f}:due  ZSET   2 {s7f}:effects  HASH
-- ARGV  1 now, Unix ms   2 end of the lease, Unix ms   3 how many at most
-- Gives {next, id, number, record, due, id, ...}: the earliest instant now in the shard, Unix ms,
--       nil when it holds nothing; then for each effect the number of the claim, which no other claim
--       of the shard has, the record without the number of its last claim, as it was before, and the
--       instant, Unix ms, at which it was due.
-- Writes the lease, the number and one more attempt for each claim, and the last number given out
--       under "claims"; drops an id that has no record.

local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local reply = {false}
for i = 1, #due, 2 do
  local id = due[i]
  local record = redis.call('HGET', KEYS[2], id)
  if record then
    local attempts, rest = string.match(record, '^%d+|(%d+)(|.*)$')
    if not attempts then -- damaged: the process tells, once for each lease; the others go on
      attempts, rest = '0', '|' .. record
    end
    local number = redis.call('HINCRBY', KEYS[2], 'claims', 1)
    redis.call('HSET', KEYS[2], id, number .. '|' .. attempts + 1 .. rest)
    redis.call('ZADD', KEYS[1], ARGV[2], id)
    local n = #reply
    reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = id, number, attempts .. rest, due[i + 1]
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
reply[1] = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or false
return reply
