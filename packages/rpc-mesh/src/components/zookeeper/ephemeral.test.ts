import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { Outage } from "../../discovery/outage.ts";
import { EphemeralNode } from "./ephemeral.ts";
import type { ZkSession } from "./session.ts";
import { ZookeeperRegistry } from "./zookeeper.ts";

/** As much of a session as nodes use; it outlives its connections. */
class FakeSession {
  connected = true;
  readonly id = Buffer.alloc(8);
  readonly nodes = new Set<string>();
  /** The connection is lost before the answer to this call is there. */
  losesAnswerOf: "create" | "remove" | undefined;
  readonly #listeners = new Set<() => void>();

  onConnected(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.connected) listener();
    return () => this.#listeners.delete(listener);
  }

  reconnect(): void {
    this.connected = true;
    for (const listener of [...this.#listeners]) listener();
  }

  async createPath(): Promise<void> {}

  async create(path: string): Promise<boolean> {
    this.nodes.add(path);
    this.#answer("create");
    return true;
  }

  async stat(): Promise<null> {
    return null;
  }

  async remove(path: string): Promise<void> {
    this.#answer("remove");
    this.nodes.delete(path);
  }

  #answer(call: "create" | "remove"): void {
    if (!this.connected) throw new Error("not connected");
    if (this.losesAnswerOf !== call) return;
    this.losesAnswerOf = undefined;
    this.connected = false;
    throw new Error("the connection was lost");
  }

  get asSession(): ZkSession {
    return this as unknown as ZkSession; // nodes use nothing else of it
  }
}

const outage = (): Outage => new Outage(silentLogger, "ZooKeeper");
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

void describe("EphemeralNode", () => {
  void it("that ends without a connection goes with the next one: the session may live on", async () => {
    const session = new FakeSession();
    const node = new EphemeralNode(session.asSession, "/a/b", outage());
    await node.begin();
    session.connected = false;
    await node.end();
    session.reconnect();
    await settled();
    assert.deepEqual([...session.nodes], []);
  });

  void it("whose removal gets no answer is removed with the next connection", async () => {
    const session = new FakeSession();
    const node = new EphemeralNode(session.asSession, "/a/b", outage());
    await node.begin();
    session.losesAnswerOf = "remove";
    await assert.rejects(node.end());
    session.reconnect();
    await settled();
    assert.deepEqual([...session.nodes], []);
  });

  void it("leaves nothing behind of a registration that got no answer", async () => {
    const session = new FakeSession();
    const options = {
      outage: outage(),
      root: "/dubbo",
      application: "a",
      registerConsumers: false,
    };
    const registry = new ZookeeperRegistry({ session: session.asSession, ...options });
    const instance = { service: "s", address: "10.0.0.1:80", weight: 100, metadata: {}, parameters: {} }; // prettier-ignore
    session.losesAnswerOf = "create";
    await assert.rejects(registry.register(instance));
    assert.equal(session.nodes.size, 1);
    session.reconnect();
    await settled();
    assert.deepEqual([...session.nodes], []);
  });
});
