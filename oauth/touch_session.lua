-- touch_session.lua: move the idle deadline of a session that is still alive.
-- KEYS  1 {oa}:session:<digest>  HASH
-- ARGV  1 now, Unix ms   2 new idle deadline, Unix ms   3 ms by which it must move to be written
-- Gives 1 moved; 0 not worth a write; -1 no such session or already idle too long.
--       Writes nothing unless it gives 1.
local idle = tonumber(redis.call('HGET', KEYS[1], 'i') or '0')
local now, new, step = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if idle <= now then
  return -1
end
if new - idle < step then
  return 0
end
redis.call('HSET', KEYS[1], 'i', ARGV[2])
redis.call('PEXPIRE', KEYS[1], new - now)
return 1
