"""Lua functions that hold and settle money in Redis, each as one atomic step.

Accounts are hashes (spent, held, uncertain, overage, restored, base: nano-dollars), holds are
hashes with an amount and the names of their accounts; a sorted set has the holds by the time at
which they count as spent. All Redis keys of a budget are in one slot. Sums are exact; a comparison
with a limit beyond nine million dollars is exact to a millionth of a dollar, as Lua's numbers are
doubles. A sum that Redis cannot store counts as `MAX_AMOUNT`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scout_adapters.budget.accounts import Account, Balance
from scout_adapters.store.redis_server import LuaFunction

_SHARED = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local operations = {}
local operation = table.remove(ARGV, 1)
local function number(key, field) return tonumber(redis.call('HGET', key, field) or '0') end
local function add(key, field, amount)
  if amount == '0' then return end
  local sum = redis.pcall('HINCRBY', key, field, amount)
  if type(sum) == 'table' then redis.call('HSET', key, field, '4611686018427387904') end
end
local function lower(key, field, amount)
  if amount == '0' then return end
  redis.call('HINCRBY', key, field, '-' .. amount)
  if number(key, field) < 0 then redis.call('HSET', key, field, 0) end
end
local function end_hold(due, hold, id, refused)
  redis.call('ZREM', due, id)
  redis.call('DEL', hold)
  redis.call('HSET', hold, 'amount', 'gone')
  redis.call('PEXPIRE', hold, refused)
end
local function lapse(due, prefix)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 50)) do
    redis.call('ZREM', due, id)
    local amount = redis.call('HGET', prefix .. id, 'amount')
    if amount and amount ~= 'gone' then
      for name in string.gmatch(redis.call('HGET', prefix .. id, 'accounts'), '[^\\n]+') do
        lower(name, 'held', amount)
        add(name, 'spent', amount)
        add(name, 'uncertain', amount)
      end
      redis.call('HSET', prefix .. id, 'lapsed', 1)
    end
  end
end
"""

_HOLD = """
local function present(epoch_key, steps_key, index, fresh, known, seen)
  local epoch, steps = redis.call('GET', epoch_key), redis.call('GET', steps_key)
  if not epoch or (known == epoch and tonumber(seen) > tonumber(steps or '0')) then
    epoch = fresh
    redis.call('SET', epoch_key, fresh)
    for _, name in ipairs(redis.call('SMEMBERS', index)) do
      if redis.call('HGET', name, 'limit') then
        local total = number(name, 'spent') + number(name, 'held')
        redis.call('HSET', name, 'base', string.format('%.0f', total))
      end
    end
  end
  return epoch, redis.call('INCR', steps_key)
end
function operations.hold()
  local due, index, prefix, id = KEYS[2], KEYS[3], ARGV[1], ARGV[2]
  local amount, beyond, lease, keep = ARGV[3], ARGV[4] == '1', ARGV[5], ARGV[6]
  local hold = prefix .. id
  if redis.call('HGET', hold, 'amount') then return {2} end
  local epoch, steps = present(KEYS[1], KEYS[4], index, ARGV[7], ARGV[8], ARGV[9])
  redis.call('PEXPIRE', KEYS[1], keep)
  redis.call('PEXPIRE', KEYS[4], keep)
  lapse(due, prefix)
  local names, totals = {}, {}
  for i = 5, #KEYS do
    local name, at = KEYS[i], 10 + (i - 5) * 5
    local limit, lost = ARGV[at], 0
    if ARGV[at + 4] ~= '' and ARGV[at + 4] ~= epoch then
      lost = tonumber(ARGV[at + 3]) - number(name, 'base')
    end
    if lost > number(name, 'restored') then
      redis.call('HSET', name, 'restored', string.format('%.0f', lost), 'limit', limit,
        'scope', ARGV[at + 1], 'window', ARGV[at + 2])
      redis.call('PEXPIRE', name, keep)
      redis.call('SADD', index, name)
    end
    local total = number(name, 'spent') + number(name, 'held') + number(name, 'restored')
    if total + tonumber(amount) > tonumber(limit) and not beyond then
      local row = redis.call('HMGET', name, 'spent', 'held', 'uncertain', 'overage', 'restored')
      return {0, epoch, steps, i - 5, row}
    end
    names[#names + 1] = name
    totals[#totals + 1] = string.format('%.0f', total + tonumber(amount))
  end
  for i, name in ipairs(names) do
    local at = 10 + (i - 1) * 5
    redis.call('HSET', name, 'limit', ARGV[at], 'scope', ARGV[at + 1], 'window', ARGV[at + 2])
    add(name, 'held', amount)
    redis.call('PEXPIRE', name, keep)
    redis.call('SADD', index, name)
  end
  redis.call('PEXPIRE', index, keep)
  redis.call('HSET', hold, 'amount', amount, 'accounts', table.concat(names, '\\n'))
  redis.call('PEXPIRE', hold, keep)
  redis.call('ZADD', due, now + lease, id)
  redis.call('PEXPIRE', due, keep)
  return {1, epoch, steps, totals}
end
"""
"""Keys: epoch, due holds, list of accounts, number of holds so far, accounts. Arguments: prefix of
holds' keys, id, amount, "1" to hold beyond limits, milliseconds until the hold counts as spent,
milliseconds for which data is kept, an epoch for a server that has lost data, the epoch and the
number of holds last read; for each account its limit, scope, window, the last total that this
process has read, and its epoch ("" for none).

Returns 1, epoch, number of holds and totals; or 0, epoch, number of holds, number of the account
with too little, and its amounts; or 2 for a hold that was settled before it arrived.

A server without data, or one that has dropped a key to save memory, has no epoch. One with older
data, such as a snapshot or a replica that lags, has counted fewer holds than a process has seen. A
new epoch begins, and each account keeps as `base` what it has of the total that processes remember.
"""

_SETTLE = """
function operations.settle()
  local epoch_key, due, hold, id = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
  local held, spent, uncertain, overage = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
  local amount = redis.call('HGET', hold, 'amount')
  if amount == 'gone' then return 0 end
  if not amount then
    local epoch = redis.call('GET', epoch_key)
    if epoch and ARGV[6] ~= '' and ARGV[6] ~= epoch then
      for i = 4, #KEYS do
        if number(KEYS[i], 'restored') > 0 then
          add(KEYS[i], 'restored', spent)
          lower(KEYS[i], 'restored', held)
        end
      end
    end
  elseif redis.call('HGET', hold, 'lapsed') then
    for i = 4, #KEYS do
      add(KEYS[i], 'spent', spent)
      lower(KEYS[i], 'spent', amount)
      add(KEYS[i], 'uncertain', uncertain)
      lower(KEYS[i], 'uncertain', amount)
      add(KEYS[i], 'overage', overage)
    end
  else
    for i = 4, #KEYS do
      lower(KEYS[i], 'held', amount)
      add(KEYS[i], 'spent', spent)
      add(KEYS[i], 'uncertain', uncertain)
      add(KEYS[i], 'overage', overage)
    end
  end
  end_hold(due, hold, id, ARGV[7])
  return 1
end
"""
"""Keys: epoch, due holds, hold, accounts. Arguments: id, nano-dollars held, spent, uncertain and
overage, the epoch of the hold, milliseconds for which a late hold of this id is refused."""

_BOOK = """
function operations.book()
  local epoch_key, due, hold, id, held = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
  local row = redis.call('HMGET', hold, 'amount', 'lapsed', 'spent', 'uncertain', 'overage')
  local amount = row[1]
  if amount == 'gone' or (amount and tonumber(amount) < tonumber(held)) then return 0 end
  if not amount then
    if redis.call('GET', epoch_key) ~= ARGV[6] then return 0 end
    local names = {unpack(KEYS, 4)}
    for _, name in ipairs(names) do add(name, 'held', held) end
    redis.call('HSET', hold, 'accounts', table.concat(names, '\\n'))
    redis.call('PEXPIRE', hold, ARGV[9])
    redis.call('ZADD', due, now, id)
    amount = held
  end
  local function rise(new, old) return string.format('%.0f', tonumber(new) - tonumber(old or 0)) end
  local freed, spent = rise(amount, held), rise(ARGV[3], row[3])
  local uncertain, overage = rise(ARGV[4], row[4]), rise(ARGV[5], row[5])
  for i = 4, #KEYS do
    add(KEYS[i], 'spent', spent)
    add(KEYS[i], 'uncertain', uncertain)
    add(KEYS[i], 'overage', overage)
    lower(KEYS[i], row[2] and 'spent' or 'held', freed)
    if row[2] then lower(KEYS[i], 'uncertain', freed) end
  end
  if ARGV[7] == '1' then
    end_hold(due, hold, id, ARGV[10])
    return 1
  end
  redis.call('HSET', hold, 'amount', held,
    'spent', ARGV[3], 'uncertain', ARGV[4], 'overage', ARGV[5])
  redis.call('ZADD', due, 'XX', now + ARGV[8], id)
  return 1
end
"""
"""Keys: epoch, due holds, hold, accounts. Arguments: id, the nano-dollars that stay held, all that
was spent, uncertain and overage since the hold was made, its epoch, "1" if it is over, milliseconds
until it counts as spent, milliseconds for which data is kept, milliseconds for which a booking that
is sent again after the last one changes nothing.

Sums, so that a call may be sent twice. A hold that was lost in a failover is made again; one that
was lost with all data stays as spent in what processes restore."""

_BALANCES = """
function operations.balances()
  lapse(KEYS[2], ARGV[1])
  local rows = {}
  for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    local row = redis.call('HMGET', name,
      'scope', 'window', 'limit', 'spent', 'held', 'uncertain', 'overage', 'restored')
    if row[3] then rows[#rows + 1] = row else redis.call('SREM', KEYS[1], name) end
  end
  return rows
end
"""
"""Keys: list of accounts, due holds. Arguments: prefix of holds' keys."""

_FORGET = """
function operations.forget()
  for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    local row = redis.call('HMGET', name, 'window', 'held')
    if row[1] == ARGV[1] and tonumber(row[2] or '0') == 0 then
      redis.call('DEL', name)
      redis.call('SREM', KEYS[1], name)
    end
  end
  return 1
end
"""
"""Keys: list of accounts. Arguments: window."""

MONEY = LuaFunction(
    _SHARED + _HOLD + _SETTLE + _BOOK + _BALANCES + _FORGET + "return operations[operation]()"
)
"""All operations; the first argument is the operation's name. One function, so that a server that
has not loaded it runs none of the calls in a round trip, and all are sent again in order."""


def balances_in(rows: Sequence[Any], budget: str) -> list[Balance]:
    """Return the balances of a budget from Redis' rows, ordered by window and scope."""
    balances = []
    for scope, window, limit, *amounts in rows:
        balances.append(balance_in(Account(budget, scope, window, int(limit)), amounts))
    return sorted(balances, key=lambda balance: (balance.account.window, balance.account.scope))


def balance_in(account: Account, amounts: Sequence[Any]) -> Balance:
    """Return a balance; amounts restored after a loss of data count as spent and uncertain."""
    spent, held, uncertain, overage, restored = (int(amount or 0) for amount in amounts)
    return Balance(account, spent + restored, held, uncertain + restored, overage)
