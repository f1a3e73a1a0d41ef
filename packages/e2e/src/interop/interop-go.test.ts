/** grpc-go's interop client against our server, directly and through the gateway. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { findProgram, skipWithout } from "@layotto/sidecar-kit/testing";

import { type Peer, peerKinds } from "./peers.ts";

const client = findProgram("grpc-interop-client");

/** The cases of the interop test description that need no credentials and that grpc-go knows. */
const interopCases = [
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

const skip = skipWithout("grpc-interop-client");

for (const kind of peerKinds) {
  describe(`grpc-go's interop client ${kind.name}`, { skip }, () => {
    let peer: Peer;
    before(async () => {
      peer = await kind.start();
    });
    after(() => peer.close());

    for (const name of interopCases) {
      it(`passes ${name}`, { timeout: 20_000 }, async () => {
        const { code, output } = await runCase(peer.port, name);
        assert.equal(code, 0, output);
      });
    }
  });
}

function runCase(port: number, name: string): Promise<{ code: number; output: string }> {
  const args = ["--server_host=127.0.0.1", `--server_port=${port}`, `--test_case=${name}`];
  return new Promise((resolve) => {
    const run = execFile(client ?? "", args, { timeout: 15_000 }, (_error, stdout, stderr) => {
      resolve({ code: run.exitCode ?? 1, output: stdout + stderr });
    });
  });
}
