import { create, toBinary } from "@bufbuild/protobuf";
import { StreamingOutputCallRequestSchema } from "@layotto/proto/grpc/testing/messages";
import {
  GetStateRequestSchema,
  SaveStateRequestSchema,
  SayHelloRequestSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { bytes, paths } from "../harness/calls.ts";
import type { LoadReport, LoadSpec, StreamLoad, UnaryLoad } from "./messages.ts";

/** Names of the loads in reports. */
export const names = {
  hello: "SayHello",
  get: "GetState",
  save: "SaveState",
  stream: "FullDuplexCall",
  connect: "new connection",
} as const;

const value = bytes("v".repeat(1024));
const storeName = "state_demo";

/** SayHello, so many per second. */
export function hello(perSecond: number): UnaryLoad {
  const message = create(SayHelloRequestSchema, { serviceName: "helloworld", name: "eva" });
  const request = encode(toBinary(SayHelloRequestSchema, message));
  return { name: names.hello, path: paths.sayHello, request, perSecond };
}

/** GetState of a key with 1 KB, so many per second. */
export function get(perSecond: number): UnaryLoad {
  const message = create(GetStateRequestSchema, { storeName, key: "load" });
  const request = encode(toBinary(GetStateRequestSchema, message));
  return { name: names.get, path: paths.getState, request, perSecond };
}

/** SaveState of 1 KB, so many per second. */
export function save(perSecond: number): UnaryLoad {
  const message = create(SaveStateRequestSchema, { storeName, states: [{ key: "load", value }] });
  const request = encode(toBinary(SaveStateRequestSchema, message));
  return { name: names.save, path: paths.saveState, request, perSecond };
}

/** 16 streams, open for a second each. */
export function streams(): StreamLoad {
  const message = create(StreamingOutputCallRequestSchema, {
    payload: { body: value },
    responseParameters: [{ size: value.length }],
  });
  return {
    name: names.stream,
    path: "/grpc.testing.TestService/FullDuplexCall",
    request: encode(toBinary(StreamingOutputCallRequestSchema, message)),
    open: 16,
    messages: 20,
    pauseMs: 50,
  };
}

/**
 * The load under which independence is shown: 5200 calls/s, 16 streams, 50 new connections a second.
 *
 * @param share of the calls and connections, for machines that are too slow or too busy for all of them
 */
export function independenceLoad(port: number, share = 1): LoadSpec {
  return {
    host: "127.0.0.1",
    port,
    connections: 4,
    unary: [hello(2500 * share), get(2500 * share), save(200 * share)],
    streams: [streams()],
    connectEveryMs: 20 / share,
    timeoutMs: 5000,
  };
}

/** Calls per second that ended with OK. */
export function okPerSecond(report: LoadReport): number {
  return report.ok / (report.tookMs / 1000);
}

/** What to print when a report is not as it should be. */
export function describeReport(report: LoadReport): string {
  const methods = Object.entries(report.methods).map(([name, m]) => {
    const gap = `longest gap ${Math.round(m.longestGapMs)} ms`;
    return `${name}: ${JSON.stringify(m.statuses)}, p50 ${m.p50Ms.toFixed(1)} p99 ${m.p99Ms.toFixed(1)} max ${m.maxMs.toFixed(0)} ms, ${gap}`;
  });
  const kinds = new Map<string, number>();
  for (const { name, status, message } of report.failures) {
    const kind = `${name}: ${status} ${message}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const first = [...kinds].slice(0, 10).map(([kind, count]) => `  ${count} × ${kind}`);
  return [`${okPerSecond(report).toFixed(0)} OK/s`, ...methods, ...first].join("\n");
}

function encode(message: Uint8Array): string {
  return Buffer.from(message).toString("base64");
}
