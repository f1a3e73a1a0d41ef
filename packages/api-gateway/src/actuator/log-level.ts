import { parseLogLevel, type LoggerRoot } from "@layotto/sidecar-kit";
import type { Upstream } from "../upstream/upstream.ts";
import type { ActuatorAnswer } from "./answer.ts";

interface LevelRequest {
  readonly component: string;
  readonly level: string;
}

/**
 * Changes the level of a logger wherever it is: in the gateway and in every sidecar. As in Layotto an unknown
 * component is no error.
 */
export async function setLogLevel(
  text: string,
  logger: LoggerRoot,
  upstreams: readonly Upstream[],
): Promise<ActuatorAnswer> {
  const request = parseRequest(text);
  if (request === undefined) {
    return refused('body must be JSON like {"component":"state","level":"DEBUG"}');
  }
  const { component } = request;
  const level = parseLogLevel(request.level);
  if (level === undefined) return refused(`level "${request.level}" is unknown`);
  logger.setLevel(component, level);
  const replicas = upstreams.flatMap((upstream) => upstream.replicas);
  const results = await Promise.allSettled(
    replicas.map((replica) => replica.connection.setLogLevel(component, level)),
  );
  const unreached = replicas.filter((_, i) => results[i]?.status === "rejected");
  if (unreached.length === 0) return { status: 200, json: {} };
  const error = "Cannot set the level everywhere: some sidecars are not reachable";
  return { status: 503, json: { error, unreached: unreached.map((replica) => replica.address) } };
}

function refused(why: string): ActuatorAnswer {
  return { status: 400, json: { error: `Cannot set the level: ${why}` } };
}

/** Layotto ignores further keys. */
function parseRequest(text: string): LevelRequest | undefined {
  try {
    const { component, level } = Object(JSON.parse(text)) as Partial<Record<string, unknown>>;
    if (typeof component !== "string" || typeof level !== "string") return undefined;
    return { component, level };
  } catch {
    return undefined;
  }
}
