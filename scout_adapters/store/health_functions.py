"""Lua functions that merge facts about keys and circuits; the rules are those of `FactTable`.

Each subject is a hash: place -> [kind, at, until, details], times in milliseconds of the server's
clock. A sorted set has the subjects by the time at which their last fact ends.
"""

from __future__ import annotations

from scout_adapters.store.redis_server import LuaFunction

INDEX_SECONDS = 32 * 24 * 3600
"""Seconds after the last fact at which the list of subjects ends: the longest rest."""

MAX_SNAPSHOT = 10_000
"""Subjects that a process reads when it connects."""

NEWER_COUNTS = -1
"""Stands for the number of processes that received a fact, if the server keeps a newer one."""

_CLOCK = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
"""

PUBLISH_FACT = LuaFunction(
    _CLOCK
    + """
local subject, place, kind = ARGV[1], ARGV[2], ARGV[3]
local till, at = now + ARGV[4], now - ARGV[5]
local function stored(name)
  local text = redis.call('HGET', KEYS[1], name)
  return text and cjson.decode(text)
end
local function is_later(fact) return fact[2] > at + 2 end
local old = stored(place)
if kind == 'rest' then
  local state = stored('state')
  if state and state[1] == 'revival' and is_later(state) then return -1 end
  if old then till, at = math.max(till, old[3]), math.max(at, old[2]) end
elseif old and is_later(old) then
  return -1
end
if kind == 'revival' then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local each = cjson.decode(all[i + 1])
    if each[1] == 'rest' and not is_later(each) then redis.call('HDEL', KEYS[1], all[i]) end
  end
end
redis.call('HSET', KEYS[1], place, cjson.encode({kind, at, till, ARGV[6]}))
local life = math.max(till - now, redis.call('PTTL', KEYS[1]), 1)
redis.call('PEXPIRE', KEYS[1], life)
redis.call('ZADD', KEYS[2], now + life, subject)
redis.call('PEXPIRE', KEYS[2], ARGV[9])
return redis.call('PUBLISH', ARGV[7],
  cjson.encode({ARGV[8], subject, place, kind, till - now, now - at, ARGV[6]}))
"""
)
"""Keys: subject, index. Arguments: subject, place, kind, milliseconds left, age in milliseconds,
details as JSON, channel, sender, milliseconds of the index. Returns the number of processes that
received it; `NEWER_COUNTS` if a newer fact counts."""

READ_FACTS = LuaFunction(
    _CLOCK
    + """
redis.call('ZADD', KEYS[1], 'XX', now, '')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local facts = {}
for _, subject in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, ARGV[2] - 1)) do
  local all = redis.call('HGETALL', ARGV[1] .. subject)
  for i = 1, #all, 2 do
    local each = cjson.decode(all[i + 1])
    if each[3] > now then
      facts[#facts + 1] = {subject, all[i], each[1], each[3] - now, now - each[2], each[4]}
    end
  end
end
return facts
"""
)
"""Keys: index. Arguments: what the keys of subjects begin with, number of subjects.

The `ZADD` changes nothing: it fails if the server has no memory for facts. Such a server cannot be
used, although it can be read."""
