// A client and a server of sofa-bolt-node, with the mesh between them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { clusterOf, TestMesh } from "../multiplex/testing/test-mesh.ts";
import { routeOf, routerOf } from "../testing/routing.ts";
import { createBoltServer } from "./bolt-proxy.ts";
import { oracleConnection, type BoltPacket, type BoltRequestPacket } from "./testing/oracle.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server that answers every call with its first argument; returns its address. */
async function startServer(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const { encoder, packets } = oracleConnection(socket);
    packets.on("request", (request: BoltRequestPacket) => {
      const { methodName, args } = request.data;
      const isError = methodName === "fail";
      encoder.writeResponse(request, {
        isError,
        errorMsg: isError ? "no" : null,
        appResponse: `${methodName} ${String(args[0])}`,
      });
    });
    packets.on("heartbeat", (heartbeat: BoltPacket) => encoder.writeHeartbeatAck(heartbeat));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server
}

describe("sofa-bolt-node through the mesh", () => {
  for (const [protocolType, boltVersion, crcEnable, upstream] of [
    ["bolt", 1, false, undefined],
    ["bolt2", 1, false, undefined],
    ["bolt2", 2, true, undefined],
    ["bolt", 1, false, "boltv2"],
    ["bolt2", 2, true, "bolt"],
  ] as const) {
    it(`${protocolType} version ${boltVersion}${crcEnable ? " with checksums" : ""}, upstream ${upstream ?? "as is"}`, async () => {
      const address = await startServer();
      const byService = routeOf("c", { headers: [{ name: "service", exact: "com.test.Echo:1.0" }] });
      const test = await TestMesh.create([clusterOf("c", [address], { protocol: upstream })], routerOf([byService]));
      cleanups.push(() => test.close());
      const port = await test.serve(createBoltServer(test.scope, protocolType === "bolt" ? "bolt" : "boltv2"));
      const socket = connect(port, "127.0.0.1");
      cleanups.push(() => socket.destroy());
      const { encoder, packets } = oracleConnection(socket);
      Object.assign(encoder, { protocolType, boltVersion, crcEnable });

      encoder.writeHeartbeat(1, {});
      const [ack] = (await once(packets, "heartbeat_ack")) as [BoltPacket];
      assert.equal(ack.packetId, 1);

      const text = "汉😀".repeat(40_000);
      for (const [id, methodName, argument] of [[7, "echo", "hi"], [8, "fail", ""], [9, "echo", text]] as const) {
        const args = [{ $class: "java.lang.String", $: argument }];
        encoder.writeRequest(id, { serverSignature: "com.test.Echo:1.0", methodName, args, requestProps: {}, timeout: 3000 });
        const [response] = (await once(packets, "response")) as [BoltPacket];
        assert.equal(response.packetId, id);
        assert.equal(response.options.protocolType, protocolType);
        const { appResponse, error } = response.data as { appResponse: unknown; error: Error | null };
        if (methodName === "fail") assert.match(String(error), /no/);
        else assert.equal(appResponse, `echo ${argument}`);
      }
    }); // prettier-ignore
  }
});
