/** grpcurl and ghz, two clients in Go, against our server. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { GrpcServer } from "@layotto/grpc-transport";

import { addTestService } from "./test-service.ts";
import { findProgram, skipWithout } from "@layotto/sidecar-kit/testing";

const grpcurl = findProgram("grpcurl");
const ghz = findProgram("ghz");
const protoFolder = fileURLToPath(new URL("../../../../proto", import.meta.url));
const protoFile = "grpc/testing/test.proto";

interface GhzReport {
  readonly count: number;
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
}

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let server: GrpcServer;
let address = "";
before(async () => {
  server = new GrpcServer();
  addTestService(server);
  address = `127.0.0.1:${(await server.listen({ host: "127.0.0.1", port: 0 })).port}`;
});
after(() => server.close());

describe("grpcurl", { skip: skipWithout("grpcurl") }, () => {
  const call = (method: string, json: string, ...flags: readonly string[]) =>
    run(grpcurl ?? "", [
      ...["-plaintext", "-import-path", protoFolder, "-proto", protoFile, ...flags],
      ...["-d", json, address, `grpc.testing.TestService/${method}`],
    ]);

  it("makes a unary call", async () => {
    const { code, stdout, stderr } = await call("UnaryCall", '{"responseSize": 3}');
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { payload: { body: "AAAA" } });
  });

  it("reads a stream", async () => {
    const json = '{"responseParameters": [{"size": 1}, {"size": 2}]}';
    const { code, stdout, stderr } = await call("StreamingOutputCall", json);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.match(/"payload"/g)?.length, 2);
  });

  it("shows status and message of a failure", async () => {
    const json = '{"responseStatus": {"code": 9, "message": "not now"}}';
    const { code, stderr } = await call("UnaryCall", json);
    assert.equal(code, 64 + 9, stderr);
    assert.match(stderr, /Code: FailedPrecondition\s+Message: not now/);
  });
});

describe("ghz", { skip: skipWithout("ghz") }, () => {
  it("gets OK for each of 2000 calls over 4 connections", { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await run(ghz ?? "", [
      ...["--insecure", "-i", protoFolder, "--proto", `${protoFolder}/${protoFile}`],
      ...["--call", "grpc.testing.TestService.UnaryCall", "-d", '{"responseSize": 1000}'],
      ...["-n", "2000", "-c", "20", "--connections", "4", "-O", "json", address],
    ]);
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout) as GhzReport; // ghz's own format
    assert.equal(report.count, 2000);
    assert.deepEqual(report.statusCodeDistribution, { OK: 2000 });
  });
});

function run(program: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: 30_000 }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, stdout, stderr });
    });
  });
}
