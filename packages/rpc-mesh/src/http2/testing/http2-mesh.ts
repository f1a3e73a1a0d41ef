// The HTTP/2 proxy between node:http2 peers on real sockets.
import { once } from "node:events";
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Stream,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createTcp, type AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { clusterOf } from "../../call/testing/scripted-call.ts";
import { meshClock } from "../../clock.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { FunctionTools } from "../../extension/listener-function.ts";
import { ListenerScope } from "../../listener/scope.ts";
import { Mesh } from "../../mesh.ts";
import type { ClusterConfig } from "../../model/cluster.ts";
import type { FilterConfig, HookConfig } from "../../model/listener.ts";
import type { ForwardAction, RetryPolicy, RouteConfig } from "../../model/route.ts";
import { listenerOf } from "../../testing/listener.ts";
import { forwardTo, routeOf, routerOf } from "../../testing/routing.ts";
import { Http2Proxy } from "../http2-proxy.ts";

/** Three further attempts after whatever can be sent again. */
export const retry: RetryPolicy = {
  on: ["connect-failure", "refused-stream", "gateway-error", "reset"],
  statusCodes: [],
  retries: 3,
  backoffMs: 1,
  maxBackoffMs: 1,
  nonIdempotent: false,
  avoidTriedHosts: true,
};

/** What the host does with a call. */
export type Handler = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  nth: number,
) => void;

/** A host and the mesh before it. */
export interface Setup {
  readonly mesh: Mesh;
  readonly origin: Http2Server;
  readonly sessions: Set<ServerHttp2Session>;
  readonly url: string;
  /** Calls that reached the host. */
  seen: number;
}

/** Starts both until the test ends. */
export async function setup(
  t: TestContext,
  handle: Handler,
  part: {
    action?: Partial<ForwardAction>;
    route?: Partial<RouteConfig>;
    cluster?: Partial<ClusterConfig>;
    maxStreams?: number;
    hooks?: readonly HookConfig[];
    filters?: readonly FilterConfig[];
    tools?: FunctionTools;
  } = {},
): Promise<Setup> {
  const sessions = new Set<ServerHttp2Session>();
  const origin = createServer({
    maxSendHeaderBlockLength: 200_000,
    settings: { maxConcurrentStreams: part.maxStreams ?? 100 },
  });
  origin.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  origin.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    handle(stream, headers, ++result.seen);
  });
  origin.listen(0, "127.0.0.1");
  await once(origin, "listening");
  const feed = (cluster: Cluster) => {
    if (cluster.config.source.type === "static") cluster.setHosts(cluster.config.source.hosts);
    return () => {};
  };
  const mesh = new Mesh({ clock: meshClock, random: Math.random, logger: silentLogger, feed });
  const { port } = origin.address() as AddressInfo;
  const cluster = clusterOf("x", [`127.0.0.1:${port}`], { outlier: undefined, ...part.cluster });
  await mesh.apply(
    [cluster],
    [routerOf([routeOf("x", {}, { action: forwardTo("x", part.action), ...part.route })])],
  );
  const limits = { maxBodyBytes: 1_000_000, maxConnections: 0, idleTimeoutMs: 90_000 };
  const proxy = new Http2Proxy(
    new ListenerScope(
      mesh,
      listenerOf({ limits, hooks: part.hooks, filters: part.filters }),
      undefined,
      part.tools,
    ),
  );
  const server = createTcp((socket) => proxy.accept(socket, undefined)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const result: Setup = {
    mesh,
    origin,
    sessions,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: 0,
  };
  t.after(async () => {
    server.close();
    await proxy.close();
    mesh.close();
    for (const session of sessions) session.destroy();
    origin.close();
  });
  return result;
}

/** What a caller got. */
export interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  body: string;
  /** RST_STREAM code; undefined: it ended well. */
  reset: number | undefined;
}

/** Waits for the end of a call. */
export async function finish(stream: ClientHttp2Stream): Promise<Answer> {
  const answer: Answer = {
    status: undefined,
    headers: {},
    trailers: {},
    body: "",
    reset: undefined,
  };
  stream.on("response", (headers) => {
    answer.headers = headers;
    answer.status = headers[":status"];
  });
  stream.on("trailers", (trailers) => (answer.trailers = trailers));
  stream.on("data", (chunk: Buffer) => (answer.body += chunk.toString("latin1")));
  stream.on("error", () => {});
  await new Promise((resolve) => stream.once("close", resolve));
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) answer.reset = stream.rstCode;
  return answer;
}

/** Calls over a connection of its own. @param onData called when the answer's body begins */
export async function call(
  t: TestContext,
  { url }: Setup,
  headers: Record<string, string> = {},
  body?: Buffer,
  onData: () => void = () => {},
) {
  // prettier-ignore
  const session = connect(url);
  session.on("error", () => {});
  t.after(() => session.destroy());
  const stream = session.request({ ":path": "/p", ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  stream.once("data", onData);
  const answer = await finish(stream);
  session.close();
  return answer;
}

/** Fields of a gRPC call. */
export const grpc = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };

/** Waits until nothing counts as under way. */
export async function assertEven({ mesh }: Setup): Promise<void> {
  await eventually("nothing is under way", () => {
    for (const { counters, cluster, retrying } of mesh.clusterStates()) {
      if (counters.active !== 0 || retrying !== 0) return false;
      if (cluster.hosts.some(({ active }) => active !== 0)) return false;
    }
    return true;
  });
}
