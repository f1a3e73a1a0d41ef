/** The gRPC interop cases through the gateway, by the client of another implementation. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { run } from "./harness/command.ts";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { writeEcho } from "./harness/packages.ts";
import { Scope } from "./harness/scope.ts";
import { findTool, skipWithout } from "./interop/tools.ts";

const tool = findTool("grpc-interop-client", "interop-client");

const cases = [
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
];

describe(
  "grpc-go's interop client through the gateway",
  { skip: skipWithout(tool, "grpc-interop-client") },
  () => {
    const scope = new Scope();
    let layotto: Layotto;
    before(async () => {
      const config = { packages: ["./echo-sidecar"], echo: { on: true } };
      layotto = scope.use(await startLayotto({ config, prepare: writeEcho }));
    });
    after(() => scope.close());

    for (const name of cases)
      it(`passes ${name}`, { timeout: 30_000 }, async () => {
        const target = ["--server_host=127.0.0.1", `--server_port=${layotto.port}`];
        const { code, stdout, stderr } = await run(tool ?? "", [...target, `--test_case=${name}`]);
        assert.equal(code, 0, stdout + stderr);
      });
  },
);
