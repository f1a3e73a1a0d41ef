// Subscribes to topic "t" for group "g" and acknowledges nothing: a test kills it.
import { testComponentContext } from "@layotto/sidecar-kit/testing";
import { subscribeRequest } from "../../../testing/index.ts";
import { mqttMetadata } from "../metadata.ts";
import { MqttPubSub } from "../mqtt.ts";

const metadata = mqttMetadata.parse({ url: process.argv[2] });
const client = await MqttPubSub.open(metadata, testComponentContext());
let held = 0;
await client.subscribe(subscribeRequest("t", "g", { prefetch: 10 }), {
  deliver: () => {
    if (++held === 4) console.log(`holds ${held}`);
  },
  revoke: () => undefined,
});
console.log("ready");
