-- count_call.lua: count one call of a caller in a period that his first call begins.
-- KEYS  1 {c7f}:calls:<caller>  STRING with an expiry
-- ARGV  1 period, ms
-- Gives {calls, ms left of the period}, this call included.
-- Writes the count, and the expiry with the first call.

local calls = redis.call('INCR', KEYS[1])
if calls == 1 or redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return {calls, redis.call('PTTL', KEYS[1])}
