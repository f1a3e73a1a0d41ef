import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { GrpcClient } from "./client.ts";
import { GrpcError } from "./grpc-error.ts";
import { GrpcServer } from "./server.ts";
import { Status } from "./status.ts";
import {
  dataFrame,
  ErrorCode,
  goawayFrame,
  grpcMessage,
  headerBlock,
  headersFrame,
  resetFrame,
} from "./testing/raw-frames.ts";
import { hi, scripted } from "./testing/scripted-client.ts";
import { okHeaders } from "./testing/scripted-server.ts";
import { until } from "./testing/until.ts";

/** What a call was told. */
function listening() {
  const heard: string[] = [];
  return {
    heard,
    listener: {
      onMessage: (message: Buffer) => void heard.push(message.toString()),
      onEnd: (error: GrpcError | undefined) =>
        void heard.push(error === undefined ? "OK" : `${error.code} ${error.message}`),
    },
  };
}

/** A server of ours that says each message back twice, and a client. */
async function echo(t: TestContext) {
  const server = new GrpcServer();
  server.addStream("/t.T/Echo", async (call) => {
    for await (const message of call) {
      await call.send(Buffer.from(message));
      await call.send(Buffer.from(message));
    }
  });
  server.addStream("/t.T/Fail", () =>
    Promise.reject(new GrpcError(Status.NOT_FOUND, "nothing here")),
  );
  const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
  const client = new GrpcClient({ host: "127.0.0.1", port });
  t.after(async () => {
    await client.close();
    await server.close();
  });
  return client;
}

describe("GrpcClient.messages", () => {
  test("sends before and after the connection is there, and tells messages and the end", async (t) => {
    const client = await echo(t);
    const { heard, listener } = listening();
    const stream = client.messages("/t.T/Echo", {}, listener);
    stream.send(Buffer.from("a"), false);
    await until("the first answers", () => heard.length === 2);
    stream.send(Buffer.from("b"), true);
    stream.send(Buffer.from("c"), true);
    await until("the end", () => heard.length === 5);
    stream.cancel();
    assert.deepEqual(heard, ["a", "a", "b", "b", "OK"]);
  });

  test("tells the error of the server", async (t) => {
    const client = await echo(t);
    const { heard, listener } = listening();
    client.messages("/t.T/Fail", {}, listener).send(hi, true);
    await until("the end", () => heard.length === 1);
    assert.deepEqual(heard, [`${Status.NOT_FOUND} nothing here`]);
  });

  test("cancel() tells the server, and the caller once", async (t) => {
    const { server, client } = await scripted(t);
    const { heard, listener } = listening();
    const stream = client.messages("/t.T/Echo", {}, listener);
    stream.send(hi, false);
    const peer = await server.peer();
    await until("the message", () => peer.bodyOf(1).length > 0);
    stream.cancel();
    stream.cancel();
    await until("the reset", () => peer.has(3, 1));
    assert.deepEqual(heard, [`${Status.CANCELLED} Call cancelled`]);
  });

  test("is sent again when the server did not act on it, and never after an answer", async (t) => {
    const { server, client } = await scripted(t);
    const { heard, listener } = listening();
    const stream = client.messages("/t.T/Echo", {}, listener);
    stream.send(hi, false);
    stream.send(hi, true);
    const peer = await server.peer();
    await until("the call", () => peer.ended(1));
    peer.write(goawayFrame(0, 0));
    const other = await server.peer(1);
    await until("the call again", () => other.ended(1));
    assert.deepEqual(other.bodyOf(1), Buffer.concat([grpcMessage(hi), grpcMessage(hi)]));
    other.write(headersFrame(1, okHeaders), resetFrame(1, ErrorCode.REFUSED_STREAM));
    await until("the end", () => heard.length === 1);
    assert.match(heard[0] ?? "", /^14 Server refused the call/);
  });

  test("gives up on messages that are compressed, too long or without a status", async (t) => {
    const { server, client } = await scripted(t, { maxReceiveMessageBytes: 100 });
    const zipped = Buffer.concat([Buffer.from([1]), grpcMessage(hi).subarray(1)]);
    const cases: [Buffer, RegExp][] = [
      [dataFrame(1, zipped), /^13 Cannot read reply: it is compressed$/],
      [dataFrame(3, grpcMessage(Buffer.alloc(101))), /^8 Received message larger than max/],
      [dataFrame(5, grpcMessage(hi), true), /^hi,13 Server ended the call without a status$/],
      [headersFrame(7, headerBlock([["grpc-status", "0"]]), true), /^OK$/],
    ];
    for (const [i, [answer, expected]] of cases.entries()) {
      const { heard, listener } = listening();
      client.messages("/t.T/Echo", {}, listener).send(hi, true);
      const id = 1 + 2 * i;
      const peer = await server.peer();
      await until("the call", () => peer.ended(id));
      peer.write(headersFrame(id, okHeaders), answer);
      await until("the end", () => /\d |OK/.test(heard.join()));
      assert.match(heard.join(), expected);
    }
  });
});
