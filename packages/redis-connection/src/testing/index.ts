// For tests only.
export {
  rawClient,
  redisContext,
  redisServer,
  withoutRedis,
  type RawClient,
  type RedisServer,
} from "./redis-server.ts";
export {
  clusterArgs,
  redisCluster,
  redisSentinel,
  type RedisCluster,
  type RedisSentinel,
} from "./topology.ts";
