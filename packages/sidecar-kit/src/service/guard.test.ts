import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Metadata, Status } from "@layotto/grpc-transport";
import { fakeServer } from "../testing/fake-server.ts";
import { guarded, sidecarTokenHeader } from "./guard.ts";

describe("guarded", () => {
  const server = fakeServer();
  const registry = guarded(server, "12345678");
  registry.addUnary("/p.S/M", (call) => call.reply(Buffer.from("ok")));
  registry.addStream("/p.S/N", async (call) => call.send(Buffer.from("ok")));
  const withToken = (token: string) => ({ metadata: Metadata.from([[sidecarTokenHeader, token]]) });
  const first = async (token: string) => {
    async function* none() {}
    for await (const message of server.stream("/p.S/N", none(), withToken(token)))
      return Buffer.from(message).toString();
    return "nothing";
  };

  it("lets calls with the token through", async () => {
    assert.equal(
      Buffer.from(await server.unary("/p.S/M", Buffer.of(), withToken("12345678"))).toString(),
      "ok",
    );
    assert.equal(await first("12345678"), "ok");
  });

  it("refuses calls without it or with another one", async () => {
    const refused = { code: Status.UNAUTHENTICATED };
    await assert.rejects(server.unary("/p.S/M", Buffer.of()), refused);
    for (const token of ["12345679", "1234567", ""]) {
      await assert.rejects(server.unary("/p.S/M", Buffer.of(), withToken(token)), refused);
      await assert.rejects(first(token), refused);
    }
  });
});
