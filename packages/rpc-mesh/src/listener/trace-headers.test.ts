// Trace contexts go through the mesh, whichever way a call takes.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import { connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { GrpcClient, GrpcServer, Metadata } from "@layotto/grpc-transport";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { client, serve, silentLogger } from "@layotto/sidecar-kit";
import { freePort, temporaryDirectory, testContext } from "@layotto/sidecar-kit/testing";
import { readHeaders } from "../bolt/bolt-headers.ts";
import { bolt } from "../bolt/bolt-wire.ts";
import { BoltCommand, BoltType } from "../bolt/constants.ts";
import { encodeBolt } from "../bolt/write-bolt.ts";
import { clusterOf } from "../call/testing/scripted-call.ts";
import { meshClock } from "../clock.ts";
import { createChannel } from "../invoke/create-channel.ts";
import { invokeServices } from "../invoke/service.ts";
import { Mesh } from "../mesh.ts";
import { FakeCaller } from "../multiplex/testing/fake-caller.ts";
import { FakeHost } from "../multiplex/testing/fake-host.ts";
import { boltAnswer } from "../multiplex/testing/fake-owner.ts";
import { until } from "../multiplex/testing/until.ts";
import { listenerOf } from "../testing/listener.ts";
import { forwardTo, routeOf, routerOf } from "../testing/routing.ts";
import { Listeners } from "./listeners.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/** What an application or its tracer sends over HTTP. */
const httpTrace: readonly (readonly [string, string])[] = [
  ["traceparent", traceparent],
  ["tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"],
  ["baggage", "user=eva"],
  ["SOFA-TraceId", "0a0fe9291488349732342100153695"],
  ["SOFA-RpcId", "0.1.1"],
  ["sofaPenAttrs", "key1=value1&key2=value2&"],
  ["sysPenAttrs", "mark=T&"],
];
const lowerCase = httpTrace.map(([name, value]) => [name.toLowerCase(), value] as const);

/** The same in the header block of SOFARPC. */
const boltTrace: readonly (readonly [string, string])[] = [
  ["rpc_trace_context.sofaTraceId", "0a0fe9291488349732342100153695"],
  ["rpc_trace_context.sofaRpcId", "0.1.1"],
  ["rpc_trace_context.sofaCallerApp", "shop"],
  ["rpc_trace_context.sofaPenAttrs", "key1=value1&key2=value2&"],
  ["rpc_trace_context.sysPenAttrs", ""],
  ["traceparent", traceparent],
];

type Headers = readonly (readonly [string, string | null | undefined])[];

/** The headers that are about tracing, in their order. */
function traceOf(headers: Headers): Headers {
  const names = new Set([...httpTrace, ...boltTrace].map(([name]) => name.toLowerCase()));
  return headers.filter(([name]) => names.has(name.toLowerCase()));
}

function pairs(raw: readonly string[]): Headers {
  return raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1]] as const] : []));
}

describe("trace contexts", () => {
  const closers: (() => unknown)[] = [];
  /** Trace headers of the last call, by the protocol of the host. */
  const seen: Record<"http1" | "http2" | "grpc" | "bolt", Headers> = { http1: [], http2: [], grpc: [], bolt: [] }; // prettier-ignore
  const ports: Record<string, number> = {};
  let mesh: Mesh;
  let listeners: Listeners;

  before(async () => {
    const http1 = createServer((request, response) => {
      seen.http1 = traceOf(pairs(request.rawHeaders));
      response.end("ok");
    }).listen(0, "127.0.0.1");
    const http2 = createHttp2((request, response) => {
      seen.http2 = traceOf(pairs(request.rawHeaders));
      response.end("ok");
    }).listen(0, "127.0.0.1");
    await Promise.all([once(http1, "listening"), once(http2, "listening")]);
    closers.push(() => http1.close(), () => http2.close()); // prettier-ignore
    const host = await FakeHost.start(bolt, (frame, socket) => {
      const { buffer, headersAt, contentAt } = frame;
      seen.bolt = traceOf(readHeaders(buffer, headersAt, contentAt));
      socket.write(boltAnswer(frame));
    });
    closers.push(() => host.stop());
    const grpc = new GrpcServer();
    grpc.addUnary("/pay", (call, message) => {
      seen.grpc = traceOf([...call.metadata.entries()]);
      call.reply(Buffer.from(message));
    });
    closers.push(() => grpc.close());
    const grpcAddress = (await grpc.listen({ host: "127.0.0.1", port: 0 })).address;
    const address = (server: typeof http1 | typeof http2): string =>
      `127.0.0.1:${(server.address() as AddressInfo).port}`; // they listen on TCP
    mesh = new Mesh({
      clock: meshClock,
      random: Math.random,
      logger: silentLogger,
      feed: (cluster) => {
        const { source } = cluster.config;
        if (source.type === "static") cluster.setHosts(source.hosts);
        return () => {};
      },
    });
    const clusters = [clusterOf("http1", [address(http1)]), clusterOf("http2", [address(http2)]), clusterOf("grpc", [grpcAddress]), clusterOf("bolt", [host.address])]; // prettier-ignore
    const routers = ["http1", "http2", "grpc", "bolt"].map((name) =>
      routerOf([routeOf("all", {}, { action: forwardTo(name) })], { name }),
    );
    await mesh.apply(clusters, routers);
    for (const name of ["http1", "http2", "grpc", "bolt"]) ports[name] = await freePort();
    const configs = Object.entries(ports).map(([name, port]) =>
      listenerOf({ name, router: name, address: `127.0.0.1:${port}` }),
    );
    const inherited = () => undefined;
    listeners = await Listeners.create({ mesh, configs, logger: silentLogger, inherited });
    await listeners.open();
    closers.push(() => listeners.close(), () => mesh.close()); // prettier-ignore
  });
  after(async () => {
    for (const close of closers.reverse()) await close();
  });

  /** InvokeService as the gateway calls it, over a channel of this protocol. */
  async function invoke(protocol: "http" | "grpc" | "bolt", metadata: Metadata): Promise<void> {
    const listener = protocol === "http" ? "http1" : protocol;
    const channel = { protocol, listener, size: 0, class: "C" } as const;
    const rpcs = { channel, beforeInvoke: [], afterInvoke: [], flatErrors: false, timeoutMs: 3000 };
    const options = { channel: createChannel(rpcs, mesh, listeners), before: [], timeoutMs: 3000 };
    const directory = temporaryDirectory();
    const server = new GrpcServer();
    serve(server, invokeServices(options), testContext());
    const path = join(directory.path, "mesh.sock");
    await server.listen({ path });
    const connection = new GrpcClient({ path });
    try {
      const message = { method: "/pay", data: { value: Buffer.from("x") }, contentType: "a/b" };
      await client(Runtime, connection).invokeService({ id: "shop", message }, { metadata });
    } finally {
      await connection.close();
      await server.close();
      directory.remove();
    }
  }

  test("InvokeService hands metadata to HTTP services as headers", async () => {
    await invoke("http", Metadata.from(lowerCase));
    assert.deepEqual(seen.http1, lowerCase);
  });

  test("InvokeService hands metadata to gRPC services", async () => {
    await invoke("grpc", Metadata.from(lowerCase));
    assert.deepEqual(seen.grpc, lowerCase);
  });

  test("InvokeService hands metadata to bolt services, names spelled as SOFARPC reads them", async () => {
    await invoke(
      "bolt",
      Metadata.from(boltTrace.map(([name, value]) => [name.toLowerCase(), value])),
    );
    assert.deepEqual(seen.bolt, boltTrace);
  });

  test("the HTTP/1.1 proxy passes headers on; case means nothing in their names", async () => {
    const headers = httpTrace.flat();
    const request = httpRequest({ host: "127.0.0.1", port: ports["http1"], path: "/", headers });
    const answered = once(request.end(), "response");
    (await answered)[0].resume();
    assert.deepEqual(seen.http1, lowerCase);
  });

  test("the HTTP/2 proxy passes headers on as they are", async () => {
    const session = connectHttp2(`http://127.0.0.1:${ports["http2"]}`);
    const stream = session.request({ ":path": "/", ...Object.fromEntries(lowerCase) });
    stream.resume();
    await once(stream, "end");
    session.close();
    assert.deepEqual(seen.http2, lowerCase);
  });

  test("the bolt proxy passes the header block on as it is", async () => {
    const caller = await FakeCaller.connect(bolt, ports["bolt"] ?? 0);
    const request = { type: BoltType.REQUEST, command: BoltCommand.REQUEST, id: 7, codec: 1 };
    caller.send(encodeBolt({ ...request, version: 1, checked: false, variable: 1000, className: "c", headers: boltTrace, content: Buffer.from("x") })); // prettier-ignore
    await until(() => assert.equal(caller.frames.length, 1));
    caller.socket.destroy();
    assert.deepEqual(seen.bolt, boltTrace);
  });
});
