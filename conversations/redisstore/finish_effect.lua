-- finish_effect.lua: end one claim of an effect, or put off the end of its lease, unless another
-- process claimed it since.
-- KEYS  1 {s7f}:due  ZSET   2 {s7f}:effects  HASH
-- ARGV  1 effect id   2 number of the claim   3 next instant, Unix ms, or "" when it is done
-- Gives 1 ended; 0 the claim was lost, or the effect is gone.
-- Writes nothing unless it gives 1.

local record = redis.call('HGET', KEYS[2], ARGV[1])
if not record or string.match(record, '^%d+') ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
return 1
