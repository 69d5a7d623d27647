-- end_everything.lua: end all sessions, codes and grants of one person.
-- KEYS  1 {oa}:person:<digest>  SET of keys that share its hash tag: sessions and codes (HASH), and grants
--         (SET of the keys of their records, HASH with the state in a)
-- Gives how many sessions, codes and grants it ended. Done again it ends nothing more.
local ended = 0
for _, key in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if redis.call('TYPE', key).ok == 'set' then
    for _, record in ipairs(redis.call('SMEMBERS', key)) do
      if redis.call('EXISTS', record) == 1 then
        redis.call('HSET', record, 'a', '0')
      end
    end
    ended = ended + 1
  else
    ended = ended + redis.call('DEL', key)
  end
end
redis.call('DEL', KEYS[1])
return ended
