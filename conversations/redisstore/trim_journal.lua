-- trim_journal.lua: note up to where a bridge keeps a shard's journal, and forget what all bridges keep.
-- KEYS  1 {s7f}:journal  STREAM   2 {s7f}:kept  HASH
-- ARGV  1 bridge   2 sequence up to which its journal is whole   3 now, Unix ms
--       4 how long a bridge is waited for that does not call, ms   5 how many bridges there are to be
-- Gives the sequence up to which nothing is listed any more, -1 while fewer bridges have called ever.
-- Writes what the bridge keeps; drops the entries that all bridges keep, but for those away for longer.

redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
local least = tonumber(ARGV[2])
local kept = redis.call('HGETALL', KEYS[2])
for i = 1, #kept, 2 do
  local upTo, seen = string.match(kept[i + 1], '^(%d+) (%d+)$')
  if tonumber(seen) + tonumber(ARGV[4]) >= tonumber(ARGV[3]) then
    least = math.min(least, tonumber(upTo))
  end
end
if #kept / 2 < tonumber(ARGV[5]) then
  return -1
end
redis.call('XTRIM', KEYS[1], 'MINID', string.format('%d-0', least + 1))
return least
