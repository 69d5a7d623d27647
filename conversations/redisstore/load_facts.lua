-- load_facts.lua: read at one version what a decision about a patient needs.
-- KEYS  1 {s7f}:patient:<pid>  HASH   2 of exchanges: the same   3 {s7f}:conv:<pid>  HASH
--       4 of messages: as 3   5 of refs: as 3   6 {s7f}:head  STRING
-- ARGV  1 operation, the bytes of its digest, or "" for none
--       2 how many exchanges follow, -1 to read all   3 how many refs   4 1 when a repeat mark
--       follows, else 0   5 how many fields of conv   6 how many fields of msgs
--       7.. the fields: of exchanges, of refs nearest first, the repeat mark, of conv, of msgs
-- Gives {version, record, operations, thread, record of thread, repeat mark, {exchanges},
--       {conversations}, {messages}, head}: the values of each list in the order asked, nil where
--       there is none; field and value in turn, with the patient's own, when all exchanges were asked;
--       operations only when the operation is among them; version 0 when the patient was never written;
--       head, the last sequence of the shard's journal, 0 when the patient is of an earlier form.
-- Writes nothing.

local STEP = 1000 -- fields read at once: unpack has a limit of some thousands

-- values gives the values in key of count fields from ARGV[first] on.
local function values(key, first, count)
  local all = {}
  for from = first, first + count - 1, STEP do
    local to = math.min(from + STEP, first + count) - 1
    local part = redis.call('HMGET', key, unpack(ARGV, from, to))
    if count <= STEP then
      return part
    end
    for i = 1, #part do
      all[#all + 1] = part[i]
    end
  end
  return all
end

-- conversation gives the field of the conversation that a value of refs leads to: that is a compact message
-- (fields.go), or a text.
local function conversation(way)
  local form = string.byte(way)
  if form == 2 or form and form >= 128 then
    return '\1' .. string.sub(way, 2, 14)
  end
  return string.match(way, '^[^/]*')
end

local state = redis.call('HMGET', KEYS[1], 'v', 'r', 'd', 'o')
local operations = state[3]
if ARGV[1] == '' or not operations or not string.find(operations, ARGV[1], 1, true) then
  operations = false
end

local at = 7
local exchanges
if ARGV[2] == '-1' then
  exchanges = redis.call('HGETALL', KEYS[2])
else
  exchanges = values(KEYS[2], at, tonumber(ARGV[2]))
  at = at + tonumber(ARGV[2])
end

local refs, marks = tonumber(ARGV[3]), tonumber(ARGV[4])
local found = values(KEYS[5], at, refs + marks)
local thread, record = false, false
for i = 1, refs do
  if found[i] then
    thread = found[i]
    record = redis.call('HGET', KEYS[3], conversation(thread))
    break
  end
end
local mark = marks == 1 and found[refs + 1]
at = at + refs + marks

local conversations = values(KEYS[3], at, tonumber(ARGV[5]))
local messages = values(KEYS[4], at + tonumber(ARGV[5]), tonumber(ARGV[6]))

local head = not state[4] and redis.call('GET', KEYS[6]) or 0
return {
  tonumber(state[1] or 0), state[2], operations, thread, record, mark,
  exchanges, conversations, messages, tonumber(head),
}
