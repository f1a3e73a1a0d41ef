import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { after, describe, it } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { GrpcServer } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
} from "@layotto/proto/grpc/health/v1/health";
import { deferred } from "@layotto/sidecar-kit";
import { makeAuthority, temporaryDirectory } from "@layotto/sidecar-kit/testing";
import type { HealthCheckConfig } from "../model/cluster.ts";
import { probeOf, type ProbeTarget } from "./health-probes.ts";

const defaults: HealthCheckConfig = {
  type: "tcp",
  intervalMs: 10_000,
  timeoutMs: 5000,
  healthyThreshold: 1,
  unhealthyThreshold: 1,
  path: "/",
  method: "GET",
  codes: [[200, 200]],
  service: "",
};

const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers) await close();
});

function targetAt(port: number, open?: (alpn: string | undefined) => Socket): ProbeTarget {
  return {
    address: `127.0.0.1:${port}`,
    hostname: "shop.test",
    connect: open ?? (() => connect({ host: "127.0.0.1", port })),
  };
}

function ask(config: Partial<HealthCheckConfig>, target: ProbeTarget): Promise<string | undefined> {
  return new Promise((resolve) => {
    probeOf({ ...defaults, ...config })(target, resolve);
  });
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port; // of a TCP server
}

async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const http = (handler: RequestListener): Promise<number> => listening(createHttpServer(handler));

describe("probeOf tcp", () => {
  it("is content with a connection, and ends it", async () => {
    const ended = deferred<void>();
    const port = await listening(
      createServer((socket) => socket.resume().on("close", ended.resolve)),
    );
    assert.equal(await ask({ type: "tcp" }, targetAt(port)), undefined);
    await ended.promise;
  });

  it("names what is wrong", async () => {
    assert.match((await ask({ type: "tcp" }, targetAt(await closedPort()))) ?? "", /ECONNREFUSED/);
  });
});

describe("probeOf http", () => {
  it("asks as it is told to", async () => {
    const seen: unknown[] = [];
    const port = await http(({ method, url, headers }, response) => {
      seen.push([method, url, headers.host, headers.connection]);
      response.end();
    });
    await ask({ type: "http" }, targetAt(port));
    await ask({ type: "http", path: "/up?deep", method: "HEAD", host: "other" }, targetAt(port));
    assert.deepEqual(seen, [
      ["GET", "/", "shop.test", "close"],
      ["HEAD", "/up?deep", "other", "close"],
    ]);
  });

  it("goes by the ranges of statuses, both ends included", async () => {
    const port = await http(({ url = "" }, response) => {
      response.writeHead(Number(url.slice(1))).end("body");
    });
    const codes = [[200, 204], [301, 301]] as const; // prettier-ignore
    const answers: (string | undefined)[] = [];
    for (const status of [200, 204, 205, 301, 503]) {
      answers.push(await ask({ type: "http", path: `/${status}`, codes }, targetAt(port)));
    }
    assert.deepEqual(answers, [undefined, undefined, "answered 205", undefined, "answered 503"]);
  });

  it("names what is wrong", async () => {
    const refused = await ask({ type: "http" }, targetAt(await closedPort()));
    assert.match(refused ?? "", /ECONNREFUSED/);
    const hangsUp = await listening(createServer((socket) => socket.destroy()));
    assert.match((await ask({ type: "http" }, targetAt(hangsUp))) ?? "", /hang up|ECONNRESET/);
    const lies = await listening(createServer((socket) => socket.end("SSH-2.0-x\r\n")));
    assert.match((await ask({ type: "http" }, targetAt(lies))) ?? "", /Parse Error/);
  });

  it("speaks TLS where calls do", async () => {
    const dir = temporaryDirectory();
    closers.push(() => dir.remove());
    const authority = makeAuthority(dir.path);
    const { cert, key } = authority.issue("server");
    const pem = { cert: readFileSync(cert), key: readFileSync(key) };
    const port = await listening(createHttpsServer(pem, (_, response) => response.end()));
    const open = (ca?: Buffer) => (alpn: string | undefined) =>
      connectTls({ host: "127.0.0.1", port, servername: "localhost", ALPNProtocols: [alpn ?? ""], ...(ca && { ca }) }); // prettier-ignore
    const trusting = targetAt(port, open(readFileSync(authority.cert)));
    assert.equal(await ask({ type: "http" }, trusting), undefined);
    assert.match((await ask({ type: "http" }, targetAt(port, open()))) ?? "", /certificate/);
  });
});

describe("probeOf grpc", () => {
  it("is content with SERVING alone", async () => {
    const server = new GrpcServer();
    closers.push(() => server.close());
    const { encode } = codecFor(HealthCheckResponseSchema);
    const statuses = new Map([["", ServingStatus.SERVING], ["shop", ServingStatus.NOT_SERVING]]); // prettier-ignore
    server.addUnary("/grpc.health.v1.Health/Check", (call, message) => {
      const { service } = fromBinary(HealthCheckRequestSchema, message);
      const status = statuses.get(service) ?? ServingStatus.SERVICE_UNKNOWN;
      call.reply(encode(create(HealthCheckResponseSchema, { status })));
    });
    const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
    const answers: (string | undefined)[] = [];
    for (const service of ["", "shop", "other"]) {
      answers.push(await ask({ type: "grpc", service }, targetAt(port)));
    }
    assert.deepEqual(answers, [undefined, "status NOT_SERVING", "status SERVICE_UNKNOWN"]);
  });

  it("names what is wrong", async () => {
    const server = new GrpcServer();
    closers.push(() => server.close());
    const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
    assert.match((await ask({ type: "grpc" }, targetAt(port))) ?? "", /^UNIMPLEMENTED: /);
    const refused = await ask({ type: "grpc" }, targetAt(await closedPort()));
    assert.match(refused ?? "", /^UNAVAILABLE: .*ECONNREFUSED/);
  });

  it("can be given up", async () => {
    const gone = deferred<void>();
    const port = await listening(
      createServer((socket) => socket.resume().on("close", gone.resolve)),
    );
    const done = (): void => undefined;
    const giveUp = probeOf({ ...defaults, type: "grpc" })(
      targetAt(port, () => {
        const socket = connect({ host: "127.0.0.1", port });
        socket.once("connect", () => giveUp());
        return socket;
      }),
      done,
    );
    await gone.promise;
  });
});
