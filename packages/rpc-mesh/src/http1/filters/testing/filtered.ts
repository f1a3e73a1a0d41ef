import type { TestContext } from "node:test";
import { rawServer } from "@layotto/http1/testing";
import { startExtension, type FakeFunction } from "../../../extension/testing/fake-extension.ts";
import type { FilterConfig } from "../../../model/listener.ts";
import { startProxy, type ProxyOptions } from "../../testing/proxy.ts";

/** A request. */
export const get = "GET /a?b HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n";
/** Phase of requests. */
export const REQUEST = 1;

/** A filter that fails closed and has much time. */
export function filterOf(name: string, part: Partial<FilterConfig> = {}): FilterConfig {
  return { function: name, body: false, timeoutMs: 5000, onFailure: "closed", ...part };
}

/** A proxy with filters before one host that a test answers for. */
export async function filtered(
  t: TestContext,
  filters: readonly FilterConfig[],
  functions: Readonly<Record<string, FakeFunction>>,
  options: ProxyOptions = {},
) {
  const extension = await startExtension(t, functions);
  const upstream = await rawServer(t);
  const listener = { ...options.listener, filters };
  const { tools } = extension;
  const proxy = await startProxy(t, [upstream.address], { ...options, listener, tools });
  return { extension, upstream, proxy, client: await proxy.client() };
}

/** Changes nothing. */
export const pass: FakeFunction = () => ({});

/** Changes nothing of answers. */
export function onRequest(change: FakeFunction): FakeFunction {
  return (request) => (request.phase === REQUEST ? change(request) : {});
}

/** Changes nothing of requests. */
export function onResponse(change: FakeFunction): FakeFunction {
  return (request) => (request.phase === REQUEST ? {} : change(request));
}
