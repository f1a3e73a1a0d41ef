import type { RedisScript } from "@layotto/redis-connection";

// Each looks at the owner of an entry and acts on it in one step: between two commands another consumer could take it.

/** ARGV: group, me, from whom, least idle ms, most entries → [rows seen, [[id, fields, deliveries before] …]] */
const claim = `
local found = redis.call("XPENDING", KEYS[1], ARGV[1], "IDLE", ARGV[4], "-", "+", ARGV[5], ARGV[3])
local taken = {}
for _, row in ipairs(found) do
  local entry = redis.call("XCLAIM", KEYS[1], ARGV[1], ARGV[2], 0, row[1])[1]
  if entry then
    taken[#taken + 1] = { row[1], entry[2], row[4] }
  else
    redis.call("XACK", KEYS[1], ARGV[1], row[1]) -- it was deleted from the stream
  end
end
return { #found, taken }
`;

/** ARGV: group, me, ids… → [[id, fields, deliveries before] …] of those that are mine */
const fetchOwn = `
local taken = {}
for i = 3, #ARGV do
  local row = redis.call("XPENDING", KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2])[1]
  local entry = row and redis.call("XCLAIM", KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i])[1]
  if entry then
    taken[#taken + 1] = { ARGV[i], entry[2], row[4] }
  elseif row then
    redis.call("XACK", KEYS[1], ARGV[1], ARGV[i])
  end
end
return taken
`;

/** ARGV: group, me, ids… → ids that are not mine any more. A sign of life for all others, which is no delivery. */
const keep = `
local lost = {}
for i = 3, #ARGV do
  if #redis.call("XPENDING", KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) == 0 then
    lost[#lost + 1] = ARGV[i]
  else
    redis.call("XCLAIM", KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], "JUSTID")
  end
end
return lost
`;

/** ARGV: group, me, to whom, idle ms to pretend, ids… */
const giveBack = `
for i = 5, #ARGV do
  if #redis.call("XPENDING", KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) > 0 then
    redis.call("XCLAIM", KEYS[1], ARGV[1], ARGV[3], 0, ARGV[i], "IDLE", ARGV[4], "JUSTID")
  end
end
return 0
`;

/** ARGV: group, me, to whom, idle ms to pretend. Gives back all that is mine and removes me. */
const leave = `
for round = 1, 1000 do
  local found = redis.call("XPENDING", KEYS[1], ARGV[1], "-", "+", 500, ARGV[2])
  if #found == 0 then
    return redis.call("XGROUP", "DELCONSUMER", KEYS[1], ARGV[1], ARGV[2])
  end
  for _, row in ipairs(found) do
    redis.call("XCLAIM", KEYS[1], ARGV[1], ARGV[3], 0, row[1], "IDLE", ARGV[4], "JUSTID")
  end
end
return -1
`;

/** ARGV: group, consumer. Removes a consumer that holds nothing. */
const retire = `
if #redis.call("XPENDING", KEYS[1], ARGV[1], "-", "+", 1, ARGV[2]) > 0 then return -1 end
return redis.call("XGROUP", "DELCONSUMER", KEYS[1], ARGV[1], ARGV[2])
`;

/** ARGV: id, most entries. How many entries come after an id, for a Redis that does not know. */
const countAfter = `return #redis.call("XRANGE", KEYS[1], "(" .. ARGV[1], "+", "COUNT", ARGV[2])`;

/** Scripts over a stream, whose key is the only one. */
export const streamScripts = {
  pubsubClaim: { lua: claim, numberOfKeys: 1 },
  pubsubFetchOwn: { lua: fetchOwn, numberOfKeys: 1 },
  pubsubKeep: { lua: keep, numberOfKeys: 1 },
  pubsubGiveBack: { lua: giveBack, numberOfKeys: 1 },
  pubsubLeave: { lua: leave, numberOfKeys: 1 },
  pubsubRetire: { lua: retire, numberOfKeys: 1 },
  pubsubCountAfter: { lua: countAfter, numberOfKeys: 1 },
} as const satisfies Record<string, RedisScript>;

/** Names of {@link streamScripts}. */
export type StreamScript = keyof typeof streamScripts;
