-- note_standing.lua: note where an exchange, and perhaps one of its conversations, stands in the lists of a
-- mailbox, unless what is noted is of a newer version of the patient.
-- KEYS  1 {m7f}:ledger:<mid>  ZSET   2 {m7f}:pairs:<mid>  ZSET   3 {m7f}:stand:<mid>  HASH
--       4.. one ZSET for each list: first all those of conversations, then all those of exchanges
-- ARGV  1 version   2 lists that an exchange inherits from its conversations, as bits
--       3 exchange, as its member   4 its lists, as bits, 0 when it is there no more: it then inherits none
--       5 its new instant, Unix ms, 0 to leave it
--       6 conversation, "" for none   7 its lists          8 its new instant, as 5
-- Gives 1.
-- Writes the instants always, and the rest unless what is noted is newer. What has no instant yet, and is given
-- none, is no member of the ledger: it is left out.
-- The HASH holds "<version> <bits>" for each member, and under "<exchange>#<list>" how many of its
-- conversations stand in a list that it inherits. An instant moves forward only.

local lists = (#KEYS - 3) / 2

local function has(bits, i)
  return math.floor(bits / 2 ^ (i - 1)) % 2 == 1
end

-- Notes the bits of a member, and gives those that it had; nil when what is noted is newer.
local function note(member, bits)
  local had = 0
  local noted = redis.call('HGET', KEYS[3], member)
  if noted then
    local version, before = string.match(noted, '^(%d+) (%d+)$')
    if tonumber(version) > tonumber(ARGV[1]) then
      return nil
    end
    had = tonumber(before)
  end
  redis.call('HSET', KEYS[3], member, ARGV[1] .. ' ' .. bits)
  return had
end

-- Gives the instant of a member after its new one; nil when it has none.
local function place(main, member, at)
  if at ~= '0' then
    redis.call('ZADD', KEYS[main], 'GT', at, member)
  end
  return redis.call('ZSCORE', KEYS[main], member)
end

local function list(first, at, member, bits)
  for i = 1, lists do
    if has(bits, i) then
      redis.call('ZADD', KEYS[first + i], at, member)
    else
      redis.call('ZREM', KEYS[first + i], member)
    end
  end
end

local pair, thread = ARGV[3], ARGV[6]
local at = place(2, pair, ARGV[5])
if not at then
  return 1
end
local seen = thread ~= '' and place(1, thread, ARGV[8])
if seen then
  local bits = tonumber(ARGV[7])
  local had = note(thread, bits)
  if had then
    list(3, seen, thread, bits)
    for i = 1, lists do
      if has(tonumber(ARGV[2]), i) and has(bits, i) ~= has(had, i) then
        local count = redis.call('HINCRBY', KEYS[3], pair .. '#' .. i, has(bits, i) and 1 or -1)
        if count <= 0 then
          redis.call('HDEL', KEYS[3], pair .. '#' .. i)
        end
      end
    end
  end
end

local bits = tonumber(ARGV[4])
for i = 1, lists do
  if bits > 0 and has(tonumber(ARGV[2]), i) and redis.call('HEXISTS', KEYS[3], pair .. '#' .. i) == 1 then
    bits = bits + 2 ^ (i - 1)
  end
end
if note(pair, string.format('%d', bits)) then
  list(3 + lists, at, pair, bits)
end
return 1
