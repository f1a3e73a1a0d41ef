import assert from "node:assert/strict";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, it } from "node:test";
import { controlSocket } from "../run-dir.ts";
import { temporaryDirectory } from "../testing/fixtures.ts";
import { UserError } from "../user-error.ts";
import { control } from "./control-client.ts";
import { type ControlServer, openControlServer } from "./control-server.ts";

let directory: ReturnType<typeof temporaryDirectory>;
let server: ControlServer;

beforeEach(async () => {
  directory = temporaryDirectory();
  server = await openControlServer(directory.path, (request, progress) => {
    progress("working");
    if (request.command === "stop") throw new UserError("Cannot stop: no", 69);
    return Promise.resolve({ did: request.command });
  });
});

afterEach(async () => {
  await server.close();
  directory.remove();
});

/** Sends raw text and reads the first line of the answer. */
function raw(text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(controlSocket(directory.path), () => socket.write(text));
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      socket.destroy();
      resolve(chunk);
    });
    socket.on("error", () => resolve(""));
    socket.on("close", () => resolve(""));
  });
}

describe("openControlServer()", () => {
  it("answers a command after telling its progress", async () => {
    const lines: string[] = [];
    const result = await control(directory.path, { command: "upgrade" }, (l) => lines.push(l));
    assert.deepEqual(result, { did: "upgrade" });
    assert.deepEqual(lines, ["working"]);
  });

  it("passes on what was thrown, with its exit code", async () => {
    const failed = control(directory.path, { command: "stop" });
    await assert.rejects(failed, { message: "Cannot stop: no", exitCode: 69 });
  });

  it("survives nonsense and endless lines", async () => {
    assert.match(await raw("{nonsense\n"), /"error":.*"exitCode":70/);
    assert.equal(await raw("x".repeat(2_000_000)), "");
    assert.deepEqual(await control(directory.path, { command: "status" }), { did: "status" });
  });
});
