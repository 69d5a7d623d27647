-- list_journal.lua: list entries of a shard's journal, and write something after having read them.
-- KEYS  1 {s7f}:journal  STREAM   2 {s7f}:head  STRING
-- ARGV  1 id of the first entry   2 how many at most
-- Gives {{id, {"at", Unix ms, "entry", entry}}, ...} in order.
-- Writes the head as it is, unless there is none: a WAIT after it waits for all that was listed.

local head = redis.call('GET', KEYS[2])
if not head then
  return {}
end
redis.call('SET', KEYS[2], head)
return redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
