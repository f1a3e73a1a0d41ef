/** grpc-go's interop client through the mesh's gRPC proxy, to the service that all interop tests use. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { GrpcServer } from "@layotto/grpc-transport";
import { findProgram, freePort, skipWithout } from "@layotto/sidecar-kit/testing";
import { run } from "../harness/command.ts";
import { startLayotto } from "../harness/layotto.ts";
import { Scope } from "../harness/scope.ts";
import { untilReady } from "../harness/wait.ts";
import { addTestService } from "../interop/test-service.ts";
import { clusterOf, listenerOn, recommendedCluster, recommendedRetry, routeTo, routerOf } from "./config.ts"; // prettier-ignore

/** The cases of the interop test description that need no credentials and that grpc-go knows. */
const cases = [
  "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream", "custom_metadata",
  "status_code_and_message", "special_status_message", "unimplemented_method", "unimplemented_service",
  "cancel_after_begin", "cancel_after_first_response", "timeout_on_sleeping_server",
] as const; // prettier-ignore

describe("grpc-go's interop client through the mesh", { skip: skipWithout("grpc-interop-client") }, () => {
  const scope = new Scope();
  let port: number;
  before(async () => {
    const servers = [scope.use(new GrpcServer()), scope.use(new GrpcServer())];
    const ports = await Promise.all(servers.map(async (server) => {
      addTestService(server);
      return (await server.listen({ host: "127.0.0.1", port: 0 })).port ?? 0;
    }));
    port = await freePort();
    const mesh = {
      listeners: [listenerOn("grpc", port, "auto")],
      routers: [routerOf("grpc", routeTo("test", { retry_policy: { ...recommendedRetry, per_try_timeout: "10s" } }))],
      clusters: [clusterOf("test", ports, { ...recommendedCluster, protocol: "grpc" })],
    };
    await untilReady(scope.use(await startLayotto({ config: { mesh } })));
  });
  after(() => scope.close());

  for (const name of cases) {
    it(`passes ${name}`, { timeout: 30_000 }, async () => {
      const args = ["--server_host=127.0.0.1", `--server_port=${port}`, `--test_case=${name}`];
      const client = findProgram("grpc-interop-client") ?? "";
      const { code, stdout, stderr } = await run(client, args, { timeoutMs: 25_000 });
      assert.equal(code, 0, stdout + stderr);
    });
  }
}); // prettier-ignore
