import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { afterEach, describe, test } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import { testMesh } from "../call/testing/scripted-call.ts";
import { listenerOf } from "../testing/listener.ts";
import { Listeners } from "./listeners.ts";

describe("Listeners.setRemote", () => {
  const closers: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function create() {
    const { mesh, clock } = await testMesh([], []);
    const inherited = () => undefined;
    const own = listenerOf({ name: "own" });
    const listeners = await Listeners.create({ mesh, configs: [own], logger: silentLogger, inherited }); // prettier-ignore
    closers.push(() => listeners.close());
    return { listeners, clock };
  }

  const at = (name: string, port = 0, timeoutMs = 1000) =>
    listenerOf({ name, address: `127.0.0.1:${port}`, timeoutMs });

  async function reaches(port: number | undefined): Promise<boolean> {
    const socket = connect(port ?? 0, "127.0.0.1");
    const reached = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    return reached;
  }

  test("opens, changes and closes listeners", async () => {
    const { listeners } = await create();
    listeners.setRemote([at("a"), at("b")]);
    await eventually(
      "listening",
      () => listeners.port("a") !== undefined && listeners.port("b") !== undefined,
    );
    const [a, b] = [listeners.port("a"), listeners.port("b")];
    assert.ok((await reaches(a)) && (await reaches(b)));
    listeners.setRemote([at("b")]);
    assert.equal(listeners.port("a"), undefined);
    assert.equal(await reaches(a), false);
    assert.equal(listeners.port("b"), b, "what is the same stays open");
    assert.ok(await reaches(b));
  });

  test("leaves listeners of the file alone", async () => {
    const { listeners } = await create();
    listeners.setRemote([at("own")]);
    assert.deepEqual(listeners.all, []);
  });

  test("tries again while the address is taken", async () => {
    const { listeners, clock } = await create();
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    listeners.setRemote([at("a", port)]);
    await eventually("a retry", () => clock.pending > 0);
    assert.equal(listeners.port("a"), undefined);
    holder.close();
    await once(holder, "close");
    await clock.advance(10_000);
    await eventually("listening", () => listeners.port("a") === port);
    assert.ok(await reaches(port));
  });
});
