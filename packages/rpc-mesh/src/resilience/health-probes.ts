import { request } from "node:http";
import type { Socket } from "node:net";
import { create } from "@bufbuild/protobuf";
import { GrpcClient, GrpcError, statusName } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
} from "@layotto/proto/grpc/health/v1/health";
import type { HealthCheckConfig } from "../model/cluster.ts";

/** Where to ask. */
export interface ProbeTarget {
  /** `host:port` that is asked, for error texts. */
  readonly address: string;
  /** Name for the Host header. */
  readonly hostname: string;
  /** Opens a connection, with TLS where calls have it. @throws Error while there are no usable certificates */
  connect(alpn: string | undefined): Socket;
}

/** Gets what is wrong with a host; undefined: it is well. Later calls are ignored. */
export type ProbeDone = (fault: string | undefined) => void;

/** Asks a host once. Returns how to give up. */
export type Probe = (target: ProbeTarget, done: ProbeDone) => () => void;

/** The probe that a configuration asks for. */
export function probeOf(config: HealthCheckConfig): Probe {
  switch (config.type) {
    case "tcp":
      return tcpProbe;
    case "http":
      return (target, done) => httpProbe(config, target, done);
    case "grpc":
      return (target, done) => grpcProbe(config, target, done);
  }
}

/** Well when a connection can be made, with its TLS handshake where there is one. */
const tcpProbe: Probe = (target, done) => {
  const socket = target.connect(undefined);
  socket.once("encrypted" in socket ? "secureConnect" : "connect", () => {
    done(undefined);
    socket.destroy();
  });
  socket.on("error", (error) => done(error.message));
  socket.once("close", () => done("connection closed"));
  return () => socket.destroy();
};

/** Well when the status of the answer is in one of the ranges. Its body is not read. */
function httpProbe(config: HealthCheckConfig, target: ProbeTarget, done: ProbeDone): () => void {
  const asked = request({
    path: config.path,
    method: config.method,
    headers: {
      "host": config.host ?? target.hostname,
      "user-agent": "layotto-health/1",
      // A connection for each check: that new ones are taken is part of being well.
      "connection": "close",
    }, // prettier-ignore
    createConnection: () => target.connect("http/1.1"),
  });
  asked.once("response", ({ statusCode = 0 }) => {
    const well = config.codes.some(([from, to]) => statusCode >= from && statusCode <= to);
    done(well ? undefined : `answered ${statusCode}`);
    asked.destroy();
  });
  asked.on("error", (error) => done(error.message));
  asked.end();
  return () => asked.destroy();
}

const requestCodec = codecFor(HealthCheckRequestSchema);
const responseCodec = codecFor(HealthCheckResponseSchema);
const statusNames = new Map<number, string>(
  Object.entries(ServingStatus).map(([name, value]) => [value, name]),
);

/** Well when grpc.health.v1 says SERVING. */
function grpcProbe(config: HealthCheckConfig, target: ProbeTarget, done: ProbeDone): () => void {
  const client = new GrpcClient({ connect: () => target.connect("h2"), name: target.address });
  const { service, timeoutMs } = config;
  const message = requestCodec.encode(create(HealthCheckRequestSchema, { service }));
  client.unaryCallback("/grpc.health.v1.Health/Check", message, { timeoutMs }, (error, reply) => {
    done(reply === undefined ? grpcFault(error) : servingFault(reply.message));
    void client.close();
  });
  return () => void client.close();
}

function servingFault(message: Uint8Array): string | undefined {
  try {
    const { status } = responseCodec.decode(message);
    if (status === ServingStatus.SERVING) return undefined;
    return `status ${statusNames.get(status) ?? status}`;
  } catch {
    return "the answer is no HealthCheckResponse";
  }
}

function grpcFault(error: unknown): string {
  if (error instanceof GrpcError) return `${statusName(error.code)}: ${error.message}`;
  return "no answer";
}
