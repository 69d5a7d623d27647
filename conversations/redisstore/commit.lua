-- commit.lua: make one change of a patient, whole or not at all, once for each operation.
-- KEYS  1 {s7f}:patient:<pid>  HASH    2 of exchanges: the same    3 {s7f}:conv:<pid>  HASH
--       4 of messages: as 3            5 of refs: as 3             6 {s7f}:inbox:<pid> ZSET
--       7 {s7f}:ids            HASH    8 {s7f}:effects      HASH   9 {s7f}:due         ZSET
--      10 {s7f}:journal        STREAM 11 {s7f}:head         STRING
-- ARGV  1 version that the change was decided at
--       2 operation: the 12 bytes of its digest, then the 6 bytes that name this call
--       3 answer to keep with the operation   4 now, Unix ms   5 journal entry
--       6 high-water mark of the shard's journal
--       7.. the writes in turn: number of a key, command, how many arguments, the arguments
-- Gives {1, version, sequence} made: the new version, the sequence of the journal entry;
--       {0} conflict: the patient stands at another version;
--       {2, operations} repeated: the operation is among those kept;
--       {3} behind: the shard gave out fewer sequences than the mark says, or the patient is of an
--       earlier form.
-- Writes nothing unless it gives 1; with 2 the version again as it is, so that a WAIT after it waits for
--       the commit of before too.

local KEPT = 32 -- operations of callers kept for a patient, under d; form: operations.go
local CALLS = 8 -- commits without an operation id, kept under c, so that they push out no caller's

if tonumber(redis.call('GET', KEYS[11]) or 0) < tonumber(ARGV[6]) then
  return {3}
end
-- A commit without an operation id has the name of its call.
local field = 'd'
if string.sub(ARGV[2], 1, 6) == string.sub(ARGV[2], 13, 18) then
  field, KEPT = 'c', CALLS
end
local state = redis.call('HMGET', KEYS[1], 'v', field, 'o')
if state[3] then
  return {3}
end
local operations = state[2] or '00'
if string.find(operations, string.sub(ARGV[2], 1, 12), 3, true) then
  redis.call('HSET', KEYS[1], 'v', state[1])
  return {2, operations}
end
local version = tonumber(state[1] or 0)
if version ~= tonumber(ARGV[1]) then
  return {0}
end
version = version + 1

-- The journal comes first: it alone can refuse, when the head is behind the stream.
local sequence = redis.call('INCR', KEYS[11])
redis.call('XADD', KEYS[10], sequence .. '-0', 'at', ARGV[4], 'entry', ARGV[5])

local i = 7
while ARGV[i] do
  local count = tonumber(ARGV[i + 2])
  redis.call(ARGV[i + 1], KEYS[tonumber(ARGV[i])], unpack(ARGV, i + 3, i + 2 + count))
  i = i + 3 + count
end

local kept = tonumber(string.sub(operations, 1, 2))
if kept < KEPT then
  kept = kept + 1
  operations = string.sub(operations, 3)
else
  local length, colon = string.match(operations, '^(%d+)():', 3)
  operations = string.sub(operations, colon + 1 + length)
end
local done = ARGV[2] .. version .. ' ' .. sequence .. ' ' .. ARGV[3]
redis.call('HSET', KEYS[1], 'v', version,
  field, string.format('%02d', kept) .. operations .. #done .. ':' .. done)
return {1, version, sequence}
