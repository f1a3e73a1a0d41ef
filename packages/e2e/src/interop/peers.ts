import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrpcServer } from "@layotto/grpc-transport";
import { HealthStatus, Sidecar } from "@layotto/proto/sidecar/v1/sidecar";
import { Metrics, createLogger, implement, serve } from "@layotto/sidecar-kit";
import { startLayotto } from "../harness/layotto.ts";
import { addTestService, testMethods } from "./test-service.ts";

/** A port of 127.0.0.1 behind which {@link addTestService} answers. */
export interface Peer {
  readonly port: number;
  close(): Promise<void>;
}

/** A way to reach the service. */
export interface PeerKind {
  /** In test names: "passes … <name>". */
  readonly name: string;
  start(): Promise<Peer>;
}

/** Every way in which the interop cases are run. */
export const peerKinds: readonly PeerKind[] = [
  { name: "against GrpcServer", start: startServer },
  { name: "through the gateway", start: startBehindGateway },
];

async function startServer(): Promise<Peer> {
  const server = new GrpcServer();
  addTestService(server);
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  return { port: port ?? 0, close: () => server.close() };
}

/** A real gateway process, with the service as an upstream on a unix socket. */
async function startBehindGateway(): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), "lay-"));
  const server = new GrpcServer();
  addTestService(server);
  addSidecarService(server);
  const path = join(folder, "test.sock");
  await server.listen({ path });
  const upstreams = { test: { addresses: [`unix:${path}`], capability: "test" } };
  const layotto = await startLayotto({ config: { gateway: { upstreams } } });
  const close = async (): Promise<void> => {
    await layotto.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { port: layotto.port, close };
}

/** What a gateway asks of a process before it routes calls to it. */
function addSidecarService(server: GrpcServer): void {
  const service = implement(Sidecar, {
    async *watch(_request, { signal }) {
      yield {
        contractMajor: 1,
        name: "test-sidecar",
        capability: "test",
        generation: "1",
        health: { status: HealthStatus.UP, reason: "" },
        methods: Object.values(testMethods).map((path) => ({ path })),
      };
      await new Promise((resolve) => {
        signal.addEventListener("abort", resolve, { once: true });
      });
    },
    metrics: () => ({}),
    setLogLevel: () => ({}),
    descriptors: () => ({}),
  });
  const logger = createLogger({ name: "test", level: "error" });
  serve(server, [service], { logger, metrics: new Metrics() });
}
