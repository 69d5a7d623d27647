-- remember_answer.lua: claim an idempotency key for one body, and keep the first answer.
-- KEYS  1 {i<2 hex digits>}:answer:<id>  HASH  b body hash, a answer
-- ARGV  1 body hash   2 answer, empty when there is none yet   3 keep, ms from the claim
-- Gives {0, ""} claimed for another body; {1, answer} the answer kept, empty when there is none yet.
--       Writes the claim when nobody has it, and the answer when none is kept.
if redis.call('HSETNX', KEYS[1], 'b', ARGV[1]) == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
elseif redis.call('HGET', KEYS[1], 'b') ~= ARGV[1] then
  return {0, ''}
end
if ARGV[2] ~= '' then
  redis.call('HSETNX', KEYS[1], 'a', ARGV[2])
end
return {1, redis.call('HGET', KEYS[1], 'a') or ''}
