import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer as createHttp, request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, test, type TestContext } from "node:test";
import { eventually, makeAuthority, tempDir } from "@layotto/sidecar-kit/testing";
import { readInto } from "@layotto/grpc-transport/socket";
import { clusterOf, testMesh } from "../call/testing/scripted-call.ts";
import type { Protocol } from "../model/host.ts";
import type { ListenerConfig } from "../model/listener.ts";
import { listenerOf } from "../testing/listener.ts";
import { routeOf } from "../testing/routing.ts";
import { MeshListener, type ProtocolServer } from "./mesh-listener.ts";
import { createListener } from "./open-listener.ts";
import { ListenerScope } from "./scope.ts";

/** Keeps what it is given to read, and reads as the real ones do. */
class Recorder implements ProtocolServer {
  readonly got: Buffer[] = [];
  accepted = 0;

  accept(socket: Socket, received: Buffer | undefined): void {
    this.accepted++;
    if (received !== undefined) this.got.push(Buffer.from(received));
    readInto(socket, (buffer, start, end) => {
      this.got.push(Buffer.from(buffer.subarray(start, end)));
    });
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.got);
  }
}

const protocols = ["http1", "http2", "bolt", "boltv2", "dubbo"] as const;

async function recording(t: TestContext, part: Partial<ListenerConfig> = {}) {
  const { mesh, clock } = await testMesh([], []);
  const scope = new ListenerScope(mesh, listenerOf(part), undefined);
  const servers = Object.fromEntries(protocols.map((each) => [each, new Recorder()])) as Record<Protocol, Recorder>; // prettier-ignore
  const listener = new MeshListener(scope, servers, undefined);
  const port = (await listener.listen({ host: "127.0.0.1", port: 0 })) ?? 0;
  t.after(async () => {
    await listener.close();
    mesh.close();
  });
  return { scope, clock, servers, listener, port };
}

const starts: readonly (readonly [Protocol, Buffer])[] = [
  ["http1", Buffer.from("GET /a HTTP/1.1\r\nhost: x\r\n\r\n")],
  ["http1", Buffer.from("PRI / HTTP/1.1\r\nhost: x\r\n\r\n")],
  ["http1", Buffer.from("PROPFIND / HTTP/1.1\r\n\r\n")],
  ["http2", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
  ["bolt", Buffer.from([1, 1, 0, 1, 1, 0, 0, 0, 9])],
  ["boltv2", Buffer.from([2, 1, 1, 0, 1, 1, 0, 0, 0, 9])],
  ["dubbo", Buffer.from([0xda, 0xbb, 0xc2, 0, 0, 0, 0, 0])],
];

function tlsFiles(t: TestContext) {
  const dir = tempDir(t);
  const authority = makeAuthority(dir);
  const { cert, key } = authority.issue("server");
  return {
    ca: authority.cert,
    config: { certificates: [{ cert, key }], requireClientCert: false, acceptPlaintext: true },
  };
}

async function sendSlowly(socket: Socket, bytes: Buffer, rest: Buffer): Promise<void> {
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  socket.write(rest);
}

function onlyOne(servers: Record<Protocol, Recorder>): string[] {
  return protocols.filter((name) => servers[name].accepted > 0);
}

describe("MeshListener tells protocols apart", () => {
  for (const [protocol, start] of starts) {
    test(`${protocol} by ${JSON.stringify(start.subarray(0, 6).toString("latin1"))}, byte by byte, and loses none`, async (t) => {
      const { servers, port } = await recording(t);
      const rest = randomBytes(300_000);
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      t.after(() => socket.destroy());
      await sendSlowly(socket, start, rest);
      const wanted = start.length + rest.length;
      await eventually("all bytes", () => servers[protocol].bytes.length >= wanted);
      assert.deepEqual(onlyOne(servers), [protocol]);
      assert.ok(servers[protocol].bytes.equals(Buffer.concat([start, rest])));
    });
  }

  test("over TLS and in plain text on one port, byte by byte", async (t) => {
    const { ca, config } = tlsFiles(t);
    const { readFileSync } = await import("node:fs");
    for (const isTls of [false, true]) {
      for (const [protocol, start] of starts) {
        const { servers, port } = await recording(t, { tls: config });
        const rest = randomBytes(100_000);
        const options = { port, host: "127.0.0.1" };
        const socket = isTls
          ? connectTls({ ...options, ca: readFileSync(ca), servername: "localhost" })
          : connect(options);
        t.after(() => socket.destroy());
        await once(socket, isTls ? "secureConnect" : "connect");
        socket.setNoDelay(true);
        await sendSlowly(socket, start, rest);
        const wanted = start.length + rest.length;
        await eventually("all bytes", () => servers[protocol].bytes.length >= wanted);
        assert.deepEqual(onlyOne(servers), [protocol]);
        assert.ok(servers[protocol].bytes.equals(Buffer.concat([start, rest])));
      }
    }
  });

  test("a TLS handshake may come byte by byte", async (t) => {
    const { ca, config } = tlsFiles(t);
    const { readFileSync } = await import("node:fs");
    const { servers, port } = await recording(t, { tls: config });
    const below = connect({ port, host: "127.0.0.1", noDelay: true });
    const { Duplex } = await import("node:stream");
    const slow = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        const send = async (): Promise<void> => {
          await sendSlowly(below, chunk.subarray(0, 8), chunk.subarray(8));
          done();
        };
        void send();
      },
    });
    below.on("data", (chunk: Buffer) => slow.push(chunk));
    const socket = connectTls({ socket: slow, ca: readFileSync(ca), servername: "localhost" });
    t.after(() => below.destroy());
    await once(socket, "secureConnect");
    socket.write("GET / HTTP/1.1\r\n\r\n");
    await eventually("the request", () => servers.http1.bytes.length === 18);
  });

  test("plain text on a listener of one protocol is not taken for another", async (t) => {
    const { config } = tlsFiles(t);
    const { servers, port } = await recording(t, { tls: config, protocol: "http1" });
    for (const bytes of [Buffer.from([1, 1, 0, 1]), Buffer.from("P"), Buffer.from([0])]) {
      const socket = connect(port, "127.0.0.1");
      t.after(() => socket.destroy());
      socket.write(bytes);
    }
    await eventually("all three", () => servers.http1.accepted === 3);
    assert.deepEqual(onlyOne(servers), ["http1"]);
  });

  test("what is none of them is closed and counted", async (t) => {
    const { servers, port, scope } = await recording(t);
    for (const bytes of [
      Buffer.from([0]),
      Buffer.from([0xda, 0]),
      Buffer.from([0x16, 3]),
      Buffer.from([0x80]),
    ]) {
      // prettier-ignore
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(bytes);
      await new Promise((resolve) => socket.once("close", resolve));
    }
    assert.equal(scope.malformed, 4);
    assert.deepEqual(onlyOne(servers), []);
  });

  test("a caller that does not say what it speaks is closed, also after its first byte", async (t) => {
    const { clock, listener, port } = await recording(t);
    const before = clock.pending;
    const silent = connect(port, "127.0.0.1");
    const slow = connect(port, "127.0.0.1");
    slow.write("P");
    for (const socket of [silent, slow]) socket.on("error", () => {});
    await eventually("both are there", () => listener.connections === 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const closed = [silent, slow].map((socket) => new Promise((resolve) => socket.once("close", resolve))); // prettier-ignore
    await clock.advance(10_000);
    await Promise.all(closed);
    assert.equal(listener.connections, 0);
    assert.equal(clock.pending, before);
  });

  test("a caller that ends its side before it said anything leaves nothing behind", async (t) => {
    const { clock, listener, port } = await recording(t);
    const before = clock.pending;
    const socket = connect(port, "127.0.0.1");
    socket.end("P");
    await new Promise((resolve) => socket.once("close", resolve));
    await eventually("it is forgotten", () => listener.connections === 0);
    assert.equal(clock.pending, before);
  });
});

async function proxying(t: TestContext, part: Partial<ListenerConfig> = {}) {
  const held: (() => void)[] = [];
  const origin = createHttp((incoming, response) => {
    const answer = (): void => void response.end("done");
    if (incoming.url === "/held") held.push(answer);
    else answer();
  });
  origin.listen(0, "127.0.0.1");
  await once(origin, "listening");
  const { port: originPort } = origin.address() as AddressInfo;
  const { mesh, clock } = await testMesh([clusterOf("x", [`127.0.0.1:${originPort}`])], [routeOf("x")]); // prettier-ignore
  const scope = new ListenerScope(mesh, listenerOf(part), undefined);
  const listener = createListener(scope);
  const port = (await listener.listen({ host: "127.0.0.1", port: 0 })) ?? 0;
  t.after(async () => {
    await listener.close();
    mesh.close();
    origin.close();
    origin.closeAllConnections();
  });
  return { mesh, clock, listener, port, held };
}

function get(
  port: number,
  path: string,
  agent: Agent,
  headers: Record<string, string> = {},
): Promise<string> {
  // prettier-ignore
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", path, agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve(`${response.statusCode} ${text}`));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("MeshListener: who may call", () => {
  const rules = [{ action: "deny", ranges: ["10.0.0.0/8"] }] as const;

  test("judges connections by the peer's address", async (t) => {
    const ipAccess = { defaultAction: "deny", rules } as const;
    const { listener, port } = await proxying(t, { ipAccess });
    await assert.rejects(get(port, "/", new Agent()));
    assert.equal(listener.refused, 1);
  });

  test("judges calls by the address in a header, where one is named", async (t) => {
    const ipAccess = { defaultAction: "allow", header: "x-real-ip", rules } as const;
    const { listener, port, mesh } = await proxying(t, { ipAccess });
    assert.match(await get(port, "/", new Agent(), { "x-real-ip": "10.1.2.3" }), /^403 /);
    assert.match(await get(port, "/", new Agent(), { "x-real-ip": "nonsense" }), /^403 /);
    assert.equal(await get(port, "/", new Agent(), { "x-real-ip": "11.1.2.3" }), "200 done");
    assert.equal(await get(port, "/", new Agent()), "200 done");
    assert.equal(listener.refused, 0);
    for (const { counters } of mesh.clusterStates()) assert.equal(counters.calls, 2);
  });
});

describe("MeshListener.drain", () => {
  test("lets calls finish, closes idle connections and takes no new ones", async (t) => {
    const { listener, port, held, clock } = await proxying(t);
    const [busy, idle] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
    t.after(() => [busy, idle].forEach((agent) => agent.destroy()));
    assert.equal(await get(port, "/", idle), "200 done");
    const pending = get(port, "/held", busy);
    await eventually("it is under way", () => held.length === 1);
    const quiet = connect(port, "127.0.0.1");
    quiet.on("error", () => {});
    await eventually("all are there", () => listener.connections === 3);
    const drained = listener.drain(5000);
    await assert.rejects(get(port, "/", new Agent()), { code: "ECONNREFUSED" });
    await eventually("the silent one is closed", () => listener.connections === 2);
    await clock.advance(1000);
    await eventually("the idle one is closed", () => listener.connections === 1);
    held[0]?.();
    assert.equal(await pending, "200 done");
    await clock.advance(1000);
    await drained;
    await eventually("none stays", () => listener.connections === 0);
  });

  test("ends what is still under way after its time", async (t) => {
    const { listener, port, held, clock, mesh } = await proxying(t);
    const pending = get(port, "/held", new Agent());
    await eventually("it is under way", () => held.length === 1);
    const failed = assert.rejects(pending);
    const drained = listener.drain(100);
    await clock.advance(100);
    await drained;
    await failed;
    for (const { counters } of mesh.clusterStates()) assert.equal(counters.active, 0);
  });

  test("close at once leaves no call under way", async (t) => {
    const { listener, port, held, mesh } = await proxying(t);
    const failed = assert.rejects(get(port, "/held", new Agent()));
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on("error", () => {});
    await eventually("it is under way", () => held.length === 1);
    await listener.close();
    await failed;
    session.destroy();
    await eventually("all is even", () => {
      return [...mesh.clusterStates()].every(({ counters }) => counters.active === 0);
    });
  });
});
