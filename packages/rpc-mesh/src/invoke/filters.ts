import type { Invocation } from "./channel.ts";

/** Changes a call before it goes out. */
export type BeforeFilter = (invocation: Invocation) => Invocation;

/**
 * The filters that `before_invoke` may name.
 *
 * `dubbo_json_rpc` is for Dubbo services over HTTP: the id becomes the path, service and method become headers,
 * as with Layotto.
 */
export const beforeFilters: Readonly<Record<string, BeforeFilter>> = {
  dubbo_json_rpc: (invocation) => ({
    ...invocation,
    method: invocation.id,
    contentType: "application/json",
    headers: [
      ...invocation.headers.filter(([name]) => !replaced.has(name)),
      ["x-services", invocation.id],
      ["x-method", invocation.method],
      ["accept", "application/json"],
    ],
  }),
};

const replaced = new Set(["x-services", "x-method", "accept"]);
