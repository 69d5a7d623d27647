-- commit_grant.lua: change the records of one grant together, or none of them.
-- KEYS  one per step, all with the hash tag {oa}: a record HASH (d sealed text, a state), or for
--       join and revoke the SET of the grant's record keys
-- ARGV  1 commit id   then three per step: verb, value, ms to keep (0 where unused)
--         spend   the record must be usable; it is spent by this commit
--         put     value is the sealed text of a new, usable record
--         join    value is a record key to add to the set
--         drop    the record is removed
--         revoke  the set's members that begin with value end; they share KEYS' hash tag
-- State a is "1" usable, "0" revoked, else the id of the commit that spent the record.
-- Gives 1 when all steps are done; 0 when a record to spend is not usable.
--       A commit that comes again with its own id (the client repeats a script after a lost
--       answer) gives 1 again. Writes nothing unless it gives 1.
local id = ARGV[1]

local function arg(step, n)
  return ARGV[1 + (step - 1) * 3 + n]
end

for step, key in ipairs(KEYS) do
  if arg(step, 1) == 'spend' then
    local state = redis.call('HGET', key, 'a')
    if state ~= '1' and state ~= id then
      return 0
    end
  end
end

for step, key in ipairs(KEYS) do
  local verb, value, keep = arg(step, 1), arg(step, 2), tonumber(arg(step, 3))
  if verb == 'spend' then
    redis.call('HSET', key, 'a', id)
  elseif verb == 'put' then
    redis.call('HSET', key, 'd', value, 'a', '1')
    redis.call('PEXPIRE', key, keep)
  elseif verb == 'join' then
    redis.call('SADD', key, value)
    if redis.call('PTTL', key) < keep then
      redis.call('PEXPIRE', key, keep)
    end
  elseif verb == 'drop' then
    redis.call('DEL', key)
  elseif verb == 'revoke' then
    for _, member in ipairs(redis.call('SMEMBERS', key)) do
      if string.sub(member, 1, #value) == value and redis.call('EXISTS', member) == 1 then
        redis.call('HSET', member, 'a', '0')
      end
    end
  end
end
return 1
