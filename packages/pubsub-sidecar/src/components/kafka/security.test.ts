import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { tempDir, testCall } from "@layotto/sidecar-kit/testing";
import { publishRequest } from "../../testing/requests.ts";
import { type Certificates, makeCertificates } from "./testing/certificates.ts";
import { type KafkaCluster, startKafka } from "./testing/kafka-cluster.ts";
import { skipWithoutKafka } from "./testing/kafka-jars.ts";
import { openKafka } from "./testing/open-kafka.ts";
import { tlsSettings } from "./security.ts";

const MODULES = "org.apache.kafka.common.security";
const SASL = {
  "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
  "listener.name.sasl.plain.sasl.jaas.config": `${MODULES}.plain.PlainLoginModule required user_alice="wonder";`,
  "listener.name.sasl.scram-sha-256.sasl.jaas.config": `${MODULES}.scram.ScramLoginModule required;`,
  "listener.name.sasl.scram-sha-512.sasl.jaas.config": `${MODULES}.scram.ScramLoginModule required;`,
};
const scramUser = (mechanism: string) => ["-S", `${mechanism}=[name=alice,password=wonder]`];

describe("kafka that wants to know who we are", { skip: skipWithoutKafka() }, () => {
  let cluster: KafkaCluster;
  let certificates: Certificates;
  const cleanUps: (() => void)[] = [];
  before(async () => {
    certificates = makeCertificates(
      tempDir({ after: (cleanUp: () => void) => cleanUps.push(cleanUp) }),
    );
    cluster = await startKafka({
      listeners: [
        { name: "SASL", protocol: "SASL_PLAINTEXT" },
        { name: "TLS", protocol: "SSL" },
      ],
      properties: { ...SASL, ...certificates.properties },
      format: [...scramUser("SCRAM-SHA-256"), ...scramUser("SCRAM-SHA-512")],
    });
  });
  after(async () => {
    await cluster?.stop();
    for (const cleanUp of cleanUps) cleanUp();
  });

  for (const saslMechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]) {
    const login = { authRequired: "true", saslUsername: "alice", saslMechanism };

    it(`${saslMechanism}: the right password is let in`, async () => {
      const client = await openKafka(cluster.listener("SASL"), {
        ...login,
        saslPassword: "wonder",
      });
      await publishes(client);
    });

    it(`${saslMechanism}: a wrong password is refused by name`, async () => {
      await assert.rejects(
        openKafka(cluster.listener("SASL"), { ...login, saslPassword: "land" }),
        {
          reason: "BACKEND_UNAVAILABLE",
          message: /^Cannot use kafka: .*[Aa]uthentication failed/,
        },
      );
    });
  }

  it("no login where one is wanted: refused", async () => {
    const options = { publishTimeout: "1s" };
    await assert.rejects(openKafka(cluster.listener("SASL"), options), {
      reason: "BACKEND_UNAVAILABLE",
    });
  });

  it("TLS: PEM text or a path, both sides known", async () => {
    const { ca: caCert, clientCert, clientKey } = certificates;
    await publishes(await openKafka(cluster.listener("TLS"), { caCert, clientCert, clientKey }));
  });

  it("TLS: a broker that nobody vouches for is refused, unless skipVerify is set", async () => {
    const { clientCert, clientKey } = certificates;
    await assert.rejects(
      openKafka(cluster.listener("TLS"), { enableTLS: true, clientCert, clientKey }),
      {
        reason: "BACKEND_UNAVAILABLE",
        message: /certificate/,
      },
    );
    await publishes(
      await openKafka(cluster.listener("TLS"), { skipVerify: "true", clientCert, clientKey }),
    );
  });

  it("TLS: a client without certificate is refused", async () => {
    const { ca: caCert } = certificates;
    const options = { caCert, publishTimeout: "1s" };
    await assert.rejects(openKafka(cluster.listener("TLS"), options), {
      reason: "BACKEND_UNAVAILABLE",
    });
  });
});

describe("tlsSettings", () => {
  it("none without any key of it; a file that is not there is named by its key", () => {
    assert.equal(tlsSettings({ enableTLS: false, skipVerify: false }), undefined);
    assert.deepEqual(tlsSettings({ enableTLS: false, skipVerify: true }), {
      rejectUnauthorized: false,
    });
    assert.throws(
      () => tlsSettings({ enableTLS: true, skipVerify: false, caCert: "/nowhere" }),
      /caCert/,
    );
  });
});

async function publishes(client: Awaited<ReturnType<typeof openKafka>>): Promise<void> {
  assert.match(await client.publish(publishRequest("known", "x"), testCall()), /^known-\d-\d+$/);
  await client.close();
}
