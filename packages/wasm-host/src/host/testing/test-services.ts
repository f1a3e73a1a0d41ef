import { join } from "node:path";
import type { TestContext } from "node:test";
import type { GenService } from "@bufbuild/protobuf/codegenv2";
import { GrpcServer } from "@layotto/grpc-transport";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { type Handlers, implement, serve } from "@layotto/sidecar-kit";
import { connectRuntime } from "@layotto/sidecar-kit/runtime";
import { tempDir, testContext } from "@layotto/sidecar-kit/testing";
import { createHostServices, type HostServicesOptions } from "../host-services.ts";

type RuntimeHandlers = typeof Runtime extends GenService<infer Shape> ? Handlers<Shape> : never;

/** Host services of a process of their own, with a Runtime API that does what the handlers say, on a unix socket. */
export async function testServices(
  test: TestContext,
  handlers: RuntimeHandlers = {},
  options: Partial<HostServicesOptions> = {},
) {
  const runDir = tempDir(test);
  const context = testContext();
  const server = new GrpcServer();
  serve(server, [implement(Runtime, handlers)], testContext());
  await server.listen({ path: join(runDir, "gateway.internal.sock") });
  const runtime = connectRuntime({ runDir });
  const { logger, metrics, clock } = context;
  const services = createHostServices({
    runtime,
    appId: "app1",
    outbound: {},
    invokeLocal: () => false,
    metrics,
    logger,
    clock,
    ...options,
  });
  test.after(() => Promise.all([services.close(), runtime.close(), server.close()]));
  return { services, metrics, clock, lines: context.lines, server, runtime };
}
