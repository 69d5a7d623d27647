-- rename_session.lua: write a session anew, under another name or its own, while it is still alive.
-- KEYS  1 {oa}:session:<digest> HASH   2 its new name, which may be the same
--       3 {oa}:person:<digest>         SET of what EndEverywhere ends, of the same person
-- ARGV  1 now, Unix ms   2 new sealed record   3 idle deadline of a session that gets a new name, Unix ms
--       4 ms to keep the set
-- Gives 1 written; 0 no such session, ended or idle too long.
--       Writes nothing unless it gives 1.
local idle = tonumber(redis.call('HGET', KEYS[1], 'i') or '0')
local now, new = tonumber(ARGV[1]), tonumber(ARGV[3])
if idle <= now then
  return 0
end
if KEYS[1] == KEYS[2] then
  redis.call('HSET', KEYS[1], 'd', ARGV[2])
  return 1
end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[3], KEYS[1])
redis.call('HSET', KEYS[2], 'd', ARGV[2], 'i', ARGV[3])
redis.call('PEXPIRE', KEYS[2], new - now)
redis.call('SADD', KEYS[3], KEYS[2])
redis.call('PEXPIRE', KEYS[3], tonumber(ARGV[4]))
return 1
