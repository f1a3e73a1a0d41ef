import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { RpcError } from "@layotto/sidecar-kit";
import {
  findProgram,
  selfSigned,
  skipWithout,
  temporaryDirectory,
  testCall,
  testComponentContext,
} from "@layotto/sidecar-kit/testing";
import { Recorder, publishRequest, subscribeRequest } from "../../testing/index.ts";
import { mqttMetadata } from "./metadata.ts";
import { MqttPubSub } from "./mqtt.ts";
import { startMosquitto } from "./testing/broker.ts";

const skip = skipWithout("mosquitto") || skipWithout("openssl") || skipWithout("mosquitto_passwd");

describe("mqtt: TLS and passwords", { skip }, () => {
  it("url: mqtts with caCert, user and password; refuses others", async (t) => {
    const dir = temporaryDirectory();
    t.after(() => dir.remove());
    const { cert: certFile, key: keyFile } = selfSigned(dir.path);
    const cert = readFileSync(certFile, "utf8");
    const passwords = join(dir.path, "passwords");
    const program = findProgram("mosquitto_passwd") ?? "mosquitto_passwd";
    execFileSync(program, ["-c", "-b", passwords, "shop", "pa:ss"]);
    const broker = await startMosquitto([
      `certfile ${certFile}`,
      `keyfile ${keyFile}`,
      "allow_anonymous false",
      `password_file ${passwords}`,
    ]);
    t.after(() => broker.stop());
    const open = (login: string, caCert?: string): Promise<MqttPubSub> => {
      const url = `mqtts://${login}@${broker.server.address}`;
      const metadata = mqttMetadata.parse({ url, ...(caCert !== undefined && { caCert }) });
      return MqttPubSub.open(metadata, testComponentContext());
    };
    const client = await open("shop:pa%3Ass", cert);
    t.after(() => client.close());
    const sub = new Recorder({ prefetch: 100, acks: true });
    await client.subscribe(subscribeRequest("t", "g"), sub);
    await client.publish(publishRequest("t", "x"), testCall());
    await sub.take(1);
    await assert.rejects(open("shop:wrong", cert), refused(/Not authorized/));
    await assert.rejects(open("shop:pa%3Ass"), refused(/self-signed|certificate/));
  });
});

function refused(text: RegExp): (error: RpcError) => boolean {
  return ({ reason, message }) => {
    assert.equal(reason, "BACKEND_UNAVAILABLE");
    assert.match(message, text);
    return true;
  };
}
