/** grpc-go's interop client against our server. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, it } from "node:test";

import { GrpcServer } from "@layotto/grpc-transport";

import { addTestService } from "./test-service.ts";
import { findTool, skipWithout } from "./tools.ts";

const client = findTool("interop-client", "grpc-interop-client", "client");

/** The cases of the interop test description that need no credentials and that grpc-go knows. */
export const interopCases = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "custom_metadata",
  "status_code_and_message",
  "special_status_message",
  "unimplemented_method",
  "unimplemented_service",
  "cancel_after_begin",
  "cancel_after_first_response",
  "timeout_on_sleeping_server",
] as const;

describe(
  "grpc-go's interop client",
  { skip: skipWithout(client, "grpc-go's interop client") },
  () => {
    let server: GrpcServer;
    let port = 0;
    before(async () => {
      server = new GrpcServer();
      addTestService(server);
      port = (await server.listen({ host: "127.0.0.1", port: 0 })).port ?? 0;
    });
    after(() => server.close());

    for (const name of interopCases) {
      it(`passes ${name} against GrpcServer`, { timeout: 20_000 }, async () => {
        const { code, output } = await runCase(port, name);
        assert.equal(code, 0, output);
      });
    }
  },
);

function runCase(port: number, name: string): Promise<{ code: number; output: string }> {
  const args = ["--server_host=127.0.0.1", `--server_port=${port}`, `--test_case=${name}`];
  return new Promise((resolve) => {
    const run = execFile(client ?? "", args, { timeout: 15_000 }, (_error, stdout, stderr) => {
      resolve({ code: run.exitCode ?? 1, output: stdout + stderr });
    });
  });
}
