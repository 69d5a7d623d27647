-- finish_effect.lua: end one claim of an effect, or put off the end of its lease, unless another
-- process claimed it since.
-- KEYS  1 {s7f}:due  ZSET   2 {s7f}:effects  HASH   3 {s7f}:journal  STREAM   4 {s7f}:head  STRING
-- ARGV  1 effect id   2 number of the claim   3 next instant, Unix ms, or "" when it is done
--       4 high-water mark of the shard's journal   5 now, Unix ms   6 journal entry, "" for none
-- Gives {1, sequence} ended, with the sequence of the journal entry, 0 for none; {0} the claim was
--       lost, or the effect is gone; {3} behind: the shard gave out fewer sequences than the mark says.
-- Writes nothing unless it gives 1.

if tonumber(redis.call('GET', KEYS[4]) or 0) < tonumber(ARGV[4]) then
  return {3}
end
local record = redis.call('HGET', KEYS[2], ARGV[1])
if not record or string.match(record, '^%d+') ~= ARGV[2] then
  return {0}
end
local sequence = 0
if ARGV[6] ~= '' then
  sequence = redis.call('INCR', KEYS[4])
  redis.call('XADD', KEYS[3], sequence .. '-0', 'at', ARGV[5], 'entry', ARGV[6])
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
end
return {1, sequence}
