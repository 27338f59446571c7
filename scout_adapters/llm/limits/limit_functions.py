"""Lua functions of limits: GCRA by the server's clock; the rules are those of `gcra.py`.

A count is a hash: backlogs of requests (`r`) and tokens (`k`) in seconds, at the time `at`. Its
running requests are a sorted set by the time at which they count no longer.
"""

from __future__ import annotations

from scout_adapters.store.redis_server import LuaFunction

_COUNTS = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
local function used(level, passed)
  level = tonumber(level) or 0
  if passed <= 0 then return level end
  if level > 0 then return math.max(0, level - passed) end
  return math.min(0, level + passed)
end
local function read(hash)
  local state = redis.call('HMGET', hash, 'r', 'k', 'at')
  local passed = now - (tonumber(state[3]) or now)
  return used(state[1], passed), used(state[2], passed)
end
local function write(hash, r, k)
  local function text(number) return string.format('%.9f', number) end
  redis.call('HSET', hash, 'r', text(r), 'k', text(k), 'at', text(now))
  redis.call('PEXPIRE', hash, math.ceil((math.max(math.abs(r), math.abs(k)) + 60) * 1000))
end
"""

ADMIT = LuaFunction(
    _COUNTS
    + """
local id, lease = ARGV[1], tonumber(ARGV[2])
local levels, refused = {}, nil
local function refuse(i, limit, wait)
  if refused == nil or wait > refused[4] then refused = {i - 1, limit, tostring(wait), wait} end
end
for i = 1, #KEYS / 2 do
  local hash, running, at = KEYS[2 * i - 1], KEYS[2 * i], 2 + (i - 1) * 5
  local rc, rb = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local kc, kb = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local most = tonumber(ARGV[at + 5])
  redis.call('ZREMRANGEBYSCORE', running, '-inf', now)
  local r, k = read(hash)
  if most > 0 and redis.call('ZCARD', running) >= most then refuse(i, 'concurrency', 0) end
  if rc > 0 and r + rc - math.max(rb, rc) > 1e-9 then
    refuse(i, 'rpm', r + rc - math.max(rb, rc))
  end
  if kc > 0 and k + kc - math.max(kb, kc) > 1e-9 then
    refuse(i, 'tpm', k + kc - math.max(kb, kc))
  end
  levels[i] = {r + rc, k + kc}
end
if refused then return {refused[1], refused[2], refused[3]} end
for i = 1, #KEYS / 2 do
  write(KEYS[2 * i - 1], levels[i][1], levels[i][2])
  redis.call('ZADD', KEYS[2 * i], now + lease, id)
  redis.call('PEXPIRE', KEYS[2 * i], math.ceil(lease * 1000))
end
return {}
"""
)
"""Keys: count and running requests of each scope. Arguments: id, seconds of the lease; of each
scope the costs and bursts of requests and tokens in seconds, and requests at once (0: any number).
Returns number of the scope, limit and seconds; empty if the request is admitted."""

SETTLE = LuaFunction(
    _COUNTS
    + """
for i = 1, #KEYS / 2 do
  if redis.call('ZREM', KEYS[2 * i], ARGV[1]) == 1 then
    local r, k = read(KEYS[2 * i - 1])
    local dr, dk = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    if dr ~= 0 or dk ~= 0 then
      write(KEYS[2 * i - 1], math.max(-60, r + dr), math.max(-60, k + dk))
    end
  end
end
return 1
"""
)
"""Keys as above. Arguments: id; of each scope the changes of requests and tokens in seconds."""
