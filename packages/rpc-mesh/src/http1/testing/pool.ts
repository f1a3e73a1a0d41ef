import { connect } from "node:net";
import type { TestContext } from "node:test";
import { requestHead } from "@layotto/http1";
import type { Reason } from "../../call/failure.ts";
import { meshClock, type MeshClock } from "../../clock.ts";
import type { OnConnected } from "../../net/connect.ts";
import { Http1Pool, type PoolSettings } from "../pool.ts";
import { sendUnary, type UnaryHandle } from "../unary.ts";

/** Settings of a pool in a test. */
export interface TestPoolOptions {
  maxConnections?: number;
  maxPending?: number;
  idleTimeoutMs?: number;
  maxRequestsPerConnection?: number;
  clock?: MeshClock;
}

/** A pool to a port of this machine, closed with the test. */
export function testPool(
  test: TestContext,
  port: number,
  options: TestPoolOptions = {},
): Http1Pool {
  const { maxConnections = 0, maxPending = 0, clock = meshClock } = options;
  const settings: PoolSettings = {
    limits: { maxConnections, maxPending },
    idleTimeoutMs: options.idleTimeoutMs ?? 90_000,
    maxRequestsPerConnection: options.maxRequestsPerConnection ?? 0,
  };
  const pool = new Http1Pool({
    settings: () => settings,
    clock,
    connect: (callback: OnConnected) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      const fail = (error: Error): void => callback(error, undefined);
      socket.once("error", fail);
      socket.once("connect", () => {
        socket.off("error", fail);
        callback(undefined, socket);
      });
      return () => socket.destroy();
    },
  });
  test.after(() => pool.close());
  return pool;
}

/** What came of a request. */
export interface Outcome {
  status?: number;
  headers?: readonly (readonly [string, string])[];
  body?: string;
  reason?: Reason;
  detail?: string;
}

/** A request whose outcome can be awaited. */
export interface Sent extends UnaryHandle {
  readonly outcome: Promise<Outcome>;
}

/** Sends a request over a pool. */
export function send(pool: Http1Pool, method = "GET", body = "", maxBodyBytes = 0): Sent {
  let handle: UnaryHandle = { abort: () => {} };
  const outcome = new Promise<Outcome>((resolve) => {
    const bytes = Buffer.from(body);
    const head = requestHead({ method, target: "/", authority: "a", headers: [], bodyBytes: bytes.length });
    const sink = {
      onResponse: (status: number, headers: { entries(): Outcome["headers"] }, answer: Buffer) =>
        resolve({ status, headers: headers.entries() ?? [], body: answer.toString("latin1") }),
      onError: (reason: Reason, detail: string) => resolve({ reason, detail }),
    };
    handle = sendUnary(pool, { method, head, body: bytes }, sink, maxBodyBytes);
  });
  return { outcome, abort: () => handle.abort() };
} // prettier-ignore
