import type { RedisScript } from "@layotto/redis-connection";

// Time is that of Redis everywhere: clocks of machines differ.
const NOW = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** KEYS: order, content; ARGV: id, delay ms, data, metadata ("" = none) → when it is due */
const add = `${NOW}
local due = now + ARGV[2]
redis.call("HSET", KEYS[2], ARGV[1], ARGV[3])
if ARGV[4] ~= "" then redis.call("HSET", KEYS[2], ARGV[1] .. "/m", ARGV[4]) end
redis.call("ZADD", KEYS[1], due, ARGV[1])
return tostring(due)
`;

/** KEYS: stream, order, content; ARGV: most messages → [moved, ms until the next is due, -1 = there is none] */
const move = `${NOW}
local due = redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", now, "LIMIT", 0, ARGV[1])
for _, id in ipairs(due) do
  local content = redis.call("HMGET", KEYS[3], id, id .. "/m")
  if content[1] and content[2] then
    redis.call("XADD", KEYS[1], "*", "data", content[1], "metadata", content[2])
  elseif content[1] then
    redis.call("XADD", KEYS[1], "*", "data", content[1])
  end
  redis.call("ZREM", KEYS[2], id)
  redis.call("HDEL", KEYS[3], id, id .. "/m")
end
local next = redis.call("ZRANGE", KEYS[2], 0, 0, "WITHSCORES")
if not next[1] then return { #due, -1 } end
return { #due, math.max(0, next[2] - now) }
`;

/**
 * KEYS: lease, topics, busy; ARGV: me, life of the lease ms, most topics, ms after which a busy topic is due again →
 * [1 = the lease is mine, ms until a look is worth while, topics that are due…]
 */
const next = `${NOW}
local holder = redis.call("GET", KEYS[1])
if holder and holder ~= ARGV[1] then return { 0, redis.call("PTTL", KEYS[1]) } end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
if not holder then
  for _, topic in ipairs(redis.call("ZRANGE", KEYS[3], 0, -1)) do redis.call("ZADD", KEYS[2], "LT", now, topic) end
end
local late = redis.call("ZRANGEBYSCORE", KEYS[3], "-inf", now, "LIMIT", 0, ARGV[3])
for _, topic in ipairs(late) do redis.call("ZADD", KEYS[2], "LT", now, topic) end
local reply = { 1, -1 }
for _, topic in ipairs(redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", now, "LIMIT", 0, ARGV[3])) do
  redis.call("ZREM", KEYS[2], topic)
  redis.call("ZADD", KEYS[3], now + ARGV[4], topic)
  reply[#reply + 1] = topic
end
local first = redis.call("ZRANGE", KEYS[2], 0, 0, "WITHSCORES")
if first[1] then reply[2] = math.max(0, first[2] - now) end
return reply
`;

/** KEYS: topics; ARGV: topic, when it is due */
const expect = `return redis.call("ZADD", KEYS[1], "LT", ARGV[2], ARGV[1])`;

/** KEYS: topics, busy; ARGV: topic, ms until it is due (-1 = it has no messages left) */
const finish = `${NOW}
redis.call("ZREM", KEYS[2], ARGV[1])
if tonumber(ARGV[2]) >= 0 then redis.call("ZADD", KEYS[1], "LT", now + ARGV[2], ARGV[1]) end
return 0
`;

/** KEYS: lease; ARGV: me */
const letGo = `
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0
`;

/** Scripts of the delay queue. */
export const delayScripts = {
  delayAdd: { lua: add, numberOfKeys: 2 },
  delayExpect: { lua: expect, numberOfKeys: 1 },
  delayMove: { lua: move, numberOfKeys: 3 },
  delayNext: { lua: next, numberOfKeys: 3 },
  delayFinish: { lua: finish, numberOfKeys: 2 },
  delayLetGo: { lua: letGo, numberOfKeys: 1 },
} as const satisfies Record<string, RedisScript>;

/** Names of {@link delayScripts}. */
export type DelayScript = keyof typeof delayScripts;
