import assert from "node:assert/strict";
import { it } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { GrpcServer } from "@layotto/grpc-transport";
import {
  ListTopicSubscriptionsResponseSchema,
  type TopicSubscription,
} from "@layotto/proto/spec/proto/runtime/v1/appcallback";
import { systemClock } from "@layotto/sidecar-kit";
import { testContext } from "@layotto/sidecar-kit/testing";
import { AppChannel } from "./app-channel.ts";

it("AppChannel asks again an app whose answer cannot be read", async () => {
  const subscriptions = [{ pubsubName: "p", topic: "t" }];
  const good = create(ListTopicSubscriptionsResponseSchema, { subscriptions });
  const answers = [Buffer.from([0xff]), toBinary(ListTopicSubscriptionsResponseSchema, good)];
  const server = new GrpcServer();
  server.addUnary("/spec.proto.runtime.v1.AppCallback/ListTopicSubscriptions", (call) =>
    call.reply(answers.shift() ?? Buffer.alloc(0)),
  );
  const { port = 0 } = await server.listen({ host: "127.0.0.1", port: 0 });
  let channel: AppChannel | undefined;
  try {
    const listed = await new Promise<readonly TopicSubscription[]>((onReady) => {
      channel = new AppChannel({
        target: { host: "127.0.0.1", port },
        logger: testContext({}).logger,
        clock: systemClock,
        events: { onReady, onAway: () => {} },
      });
      channel.connect();
    });
    assert.deepEqual(
      listed.map(({ topic }) => topic),
      ["t"],
    );
  } finally {
    await channel?.close();
    await server.close();
  }
});
