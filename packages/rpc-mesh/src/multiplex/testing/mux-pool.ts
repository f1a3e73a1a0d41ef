import assert from "node:assert/strict";
import type { BoltFrame } from "../../bolt/bolt-frame.ts";
import { bolt } from "../../bolt/bolt-wire.ts";
import { BoltCommand, BoltType } from "../../bolt/constants.ts";
import { emptyFrame, heartbeatAck } from "../../bolt/write-bolt.ts";
import { Cluster } from "../../cluster/cluster.ts";
import { defaultCluster } from "../../config/defaults.ts";
import type { ClusterConfig } from "../../model/cluster.ts";
import { fakeMeshClock } from "../../testing/mesh-clock.ts";
import { muxLimits, type MuxLimits } from "../limits.ts";
import { MuxPool, type MuxPoolOptions } from "../mux-pool.ts";
import { FrameKind } from "../wire.ts";
import { FakeHost, type OnFrame } from "./fake-host.ts";
import { boltAnswer, FakeOwner } from "./fake-owner.ts";

const cleanups: (() => unknown)[] = [];

/** To be called after each test. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

/** Answers requests and heartbeats. */
export const echo: OnFrame<BoltFrame> = (frame, socket) => {
  if (frame.kind === FrameKind.REQUEST) socket.write(boltAnswer(frame));
  if (frame.kind === FrameKind.HEARTBEAT) socket.write(heartbeatAck(frame));
};
/** Answers nothing. */
export const silent: OnFrame<BoltFrame> = () => {};

/** A pool over bolt to a fake host, with a fake clock. */
export async function setUp(
  onFrame: OnFrame<BoltFrame>,
  config: Partial<ClusterConfig> = {},
  limits: Partial<MuxLimits> = {},
  options: MuxPoolOptions = {},
) {
  const server = await FakeHost.start(bolt, onFrame);
  const clock = fakeMeshClock();
  const source = { type: "static", hosts: [] } as const;
  const cluster = new Cluster(
    { ...defaultCluster, name: "c", source, ...config },
    { clock, random: Math.random },
  );
  cluster.setHosts([{ address: server.address }]);
  const [host] = cluster.hosts;
  assert.ok(host);
  const pool = host.pool(
    "bolt",
    () =>
      new MuxPool(bolt, host, cluster, clock, { ...options, limits: { ...muxLimits, ...limits } }),
  );
  const owner = new FakeOwner();
  cleanups.push(
    () => server.stop().catch(() => {}),
    () => pool.close(),
    () => cluster.close(),
  );
  return { server, clock, cluster, host, pool, owner };
}

/** A frame that asks for no new requests. */
export function goaway(): Buffer {
  return emptyFrame(1, BoltType.REQUEST, BoltCommand.GOAWAY, 0, -1);
}
