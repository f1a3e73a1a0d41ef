// The schema of the metadata is in "./metadata", so that a running sidecar loads no schema library; "./check-sentinels"
// is apart because a sidecar calls it before anybody knows whether Redis is wanted.
export {
  RedisConnection,
  type ConnectionContext,
  type ConnectionOptions,
  type RedisScript,
  type ScriptedClient,
} from "./connection.ts";
export { isReply, redisError } from "./errors.ts";
export { hostAndPort, redisTarget, type RedisMetadata, type RedisTarget } from "./target.ts";
