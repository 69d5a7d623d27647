-- index_visit.lua: note a visit in the index of its facility, unless what is there is newer or another's.
-- KEYS  1 {e7f}:episode:<facility>:<visit>  HASH   2 {e7f}:visits:<facility>  ZSET
--       3 {e7f}:open:<facility>   ZSET             4 {e7f}:closed:<facility>  ZSET
-- ARGV  1 visit   2 version of the patient, 0 when his shard does not know the visit   3 patient
--       4 state, "" for a claim   5 instant, Unix ms   6 sealed part
-- Gives {version, patient, state, instant, sealed part} as the index holds them then.
-- Writes the entry when there is none or only a claim, or when that of the same patient is not newer; a
-- claim never replaces a declared visit.

local have = redis.call('HMGET', KEYS[1], 'v', 'p', 's', 'a', 'r')
if have[1] then
  local claimed = have[3] == ''
  local same = have[2] == ARGV[3]
  local newer = ARGV[4] ~= '' and same and tonumber(ARGV[2]) >= tonumber(have[1])
  if not claimed and not newer then
    return have
  end
end
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'p', ARGV[3], 's', ARGV[4], 'a', ARGV[5], 'r', ARGV[6])
if ARGV[4] ~= '' then
  redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1])
end
if ARGV[4] == 'open' then
  redis.call('ZREM', KEYS[4], ARGV[1])
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[1])
elseif ARGV[4] ~= '' then
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('ZADD', KEYS[4], ARGV[5], ARGV[1])
end
return {ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]}
