import type { RedisScript } from "@layotto/redis-connection";

// The layout is Layotto's: a hash per key with `data`, `version` (a counter, the etag) and, once written with
// first-write, `first-write`. Versions are compared as text. A key of another type counts as absent and is replaced.

/** ARGV: wanted version ("0" = any), data, "1" for first-write, ttl in seconds or "". Returns 0 when refused. */
const set = `
local version = redis.pcall("HGET", KEYS[1], "version")
if type(version) == "table" then
  redis.call("DEL", KEYS[1])
elseif version and version ~= "" and version ~= ARGV[1] then
  if ARGV[1] ~= "0" or redis.call("HEXISTS", KEYS[1], "first-write") == 1 then return 0 end
end
redis.call("HSET", KEYS[1], "data", ARGV[2])
if ARGV[3] == "1" then redis.call("HSET", KEYS[1], "first-write", 0) end
local written = redis.call("HINCRBY", KEYS[1], "version", 1)
if ARGV[4] ~= "" then
  if tonumber(ARGV[4]) > 0 then redis.call("EXPIRE", KEYS[1], ARGV[4]) else redis.call("PERSIST", KEYS[1]) end
end
return written
`;

/** ARGV: wanted version. Returns 0 when refused. */
const remove = `
local version = redis.pcall("HGET", KEYS[1], "version")
if version and type(version) ~= "table" and version ~= "" and version ~= ARGV[1] and ARGV[1] ~= "0" then return 0 end
redis.call("DEL", KEYS[1])
return 1
`;

/**
 * One key per operation. ARGV, five for each: "1" = upsert or "0" = delete, wanted version, data, "1" for first-write,
 * ttl. All operations are checked before the first is done. Returns the position of the one refused, 0 = none.
 */
const transact = `
local seen = {}
for i, key in ipairs(KEYS) do
  local at = i * 5 - 4
  local entry = seen[key]
  if not entry then
    entry = {}
    local version = redis.pcall("HGET", key, "version")
    if type(version) == "string" and version ~= "" then
      entry = { version = version, first = redis.call("HEXISTS", key, "first-write") == 1 }
    end
  end
  local wanted = ARGV[at + 1]
  if entry.version and entry.version ~= wanted then
    if wanted ~= "0" or (ARGV[at] == "1" and entry.first) then return i end
  end
  if ARGV[at] == "1" then
    local count = tonumber(entry.version or "0") + 1
    seen[key] = { version = string.format("%.0f", count), first = entry.first or ARGV[at + 3] == "1" }
  else
    seen[key] = {}
  end
end
for i, key in ipairs(KEYS) do
  local at = i * 5 - 4
  if ARGV[at] == "0" then
    redis.call("DEL", key)
  else
    local kind = redis.call("TYPE", key).ok
    if kind ~= "hash" and kind ~= "none" then redis.call("DEL", key) end
    redis.call("HSET", key, "data", ARGV[at + 2])
    if ARGV[at + 3] == "1" then redis.call("HSET", key, "first-write", 0) end
    redis.call("HINCRBY", key, "version", 1)
    local ttl = ARGV[at + 4]
    if ttl ~= "" then
      if tonumber(ttl) > 0 then redis.call("EXPIRE", key, ttl) else redis.call("PERSIST", key) end
    end
  end
end
return 0
`;

/** Scripts of the state store. */
export const stateScripts = {
  stateSet: { lua: set, numberOfKeys: 1 },
  stateDelete: { lua: remove, numberOfKeys: 1 },
  stateTransact: { lua: transact },
} as const satisfies Record<string, RedisScript>;

/** Names of {@link stateScripts}. */
export type StateScript = keyof typeof stateScripts;
