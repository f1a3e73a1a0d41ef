import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { fakeClock, type FakeClock } from "@layotto/sidecar-kit/testing";
import type { Http1Clock } from "../clock.ts";
import { WholeServer, type WholeServerOptions } from "../whole-server.ts";
import type { WholeRequest } from "../whole-request.ts";
import { rawClient, type RawPeer } from "./raw.ts";

/** A clock of connections that stands still until a test moves it. */
export function fakeHttp1Clock(): FakeClock & Http1Clock {
  const clock = fakeClock();
  const start = clock.now();
  const { now, after, advance } = clock;
  return {
    now,
    after,
    advance,
    get pending() {
      return clock.pending;
    },
    monotonic: () => clock.now() - start + 1,
  };
}

/** A {@link WholeServer} on a free port. */
export interface TestWhole {
  readonly port: number;
  readonly server: WholeServer;
  /** What went wrong in the server. */
  readonly faults: unknown[];
  /** Octets that came from callers so far. */
  received(): number;
  /** The next request that was not asked for yet. */
  next(): Promise<WholeRequest>;
  client(): Promise<RawPeer>;
}

/** Starts a server; without a handler the test answers itself. */
export async function startWhole(
  test: TestContext,
  options: Partial<WholeServerOptions> = {},
  handler?: (request: WholeRequest) => void,
): Promise<TestWhole> {
  const faults: unknown[] = [];
  const requests: WholeRequest[] = [];
  let wake = (): void => {};
  const taking = (request: WholeRequest): void => {
    requests.push(request);
    wake();
  };
  const onFault = (error: unknown): void => void faults.push(error);
  const server = new WholeServer(handler ?? taking, { maxBodyBytes: 100, onFault, ...options });
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    sockets.push(socket);
    server.accept(socket);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  test.after(async () => {
    listener.close();
    await server.close();
  });
  const { port } = listener.address() as AddressInfo; // a TCP server that listens has one
  const next = async (): Promise<WholeRequest> => {
    for (;;) {
      const request = requests.shift();
      if (request !== undefined) return request;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const received = (): number => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  return { port, server, faults, received, next, client: () => rawClient(test, port) };
}

/** Answers with what the request was, in words. */
export function echo(request: WholeRequest): void {
  const { method, path, authority, headers, trailers } = request;
  const fields = [...headers, ...trailers].join("|");
  const text = `${method} ${authority} ${path} ${fields} ${request.body.toString("latin1")}!`;
  request.respond({ status: 200, headers: [], body: Buffer.from(text, "latin1") });
}
