-- touch_records.lua: write records that no rule reads, with their trace, without a version.
-- KEYS  1 {s7f}:patient:<pid> HASH   2 {s7f}:conv:<pid> HASH   3 of messages: as 2
--       4 of refs: as 2              5 {s7f}:journal  STREAM   6 {s7f}:head       STRING
-- ARGV  1 high-water mark of the shard's journal   2 now, Unix ms   3 journal entry, "" for none
--       4.. the writes in turn: number of a key, command, how many arguments, the arguments
-- Gives the sequence of the journal entry, 0 for none; -1 behind: the shard gave out fewer sequences
--       than the mark says.
-- Writes nothing when it gives -1.

if tonumber(redis.call('GET', KEYS[6]) or 0) < tonumber(ARGV[1]) then
  return -1
end
local sequence = 0
if ARGV[3] ~= '' then
  sequence = redis.call('INCR', KEYS[6])
  redis.call('XADD', KEYS[5], sequence .. '-0', 'at', ARGV[2], 'entry', ARGV[3])
end
local i = 4
while ARGV[i] do
  local count = tonumber(ARGV[i + 2])
  redis.call(ARGV[i + 1], KEYS[tonumber(ARGV[i])], unpack(ARGV, i + 3, i + 2 + count))
  i = i + 3 + count
end
return sequence
