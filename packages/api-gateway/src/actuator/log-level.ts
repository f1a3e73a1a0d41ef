import { parseLogLevel, type LoggerRoot } from "@layotto/sidecar-kit";
import { z } from "zod";
import type { Upstream } from "../upstream/upstream.ts";
import type { ActuatorAnswer } from "./answer.ts";

/** Layotto ignores further keys. */
const body = z.object({ component: z.string(), level: z.string() });

/**
 * Changes the level of a logger wherever it is: in the gateway and in every sidecar. As in Layotto an unknown
 * component is no error.
 */
export async function setLogLevel(
  text: string,
  logger: LoggerRoot,
  upstreams: readonly Upstream[],
): Promise<ActuatorAnswer> {
  const request = body.safeParse(parseJson(text));
  if (!request.success) {
    return refused('body must be JSON like {"component":"state","level":"DEBUG"}');
  }
  const { component } = request.data;
  const level = parseLogLevel(request.data.level);
  if (level === undefined) return refused(`level "${request.data.level}" is unknown`);
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
