// The bolt proxy between a caller and a host.
import assert from "node:assert/strict";
import type { ClusterConfig } from "../../model/cluster.ts";
import type { FunctionTools } from "../../extension/listener-function.ts";
import type { ListenerConfig } from "../../model/listener.ts";
import type { RetryPolicy, RouterConfig } from "../../model/route.ts";
import { FakeCaller } from "../../multiplex/testing/fake-caller.ts";
import { FakeHost, type OnFrame } from "../../multiplex/testing/fake-host.ts";
import { boltAnswer } from "../../multiplex/testing/fake-owner.ts";
import { clusterOf, everythingToC, TestMesh } from "../../multiplex/testing/test-mesh.ts";
import { until } from "../../multiplex/testing/until.ts";
import { FrameKind } from "../../multiplex/wire.ts";
import { forwardTo } from "../../testing/routing.ts";
import type { BoltFrame } from "../bolt-frame.ts";
import { findHeader } from "../bolt-headers.ts";
import { createBoltServer } from "../bolt-proxy.ts";
import { bolt } from "../bolt-wire.ts";

/** What ends after a test, the last first. */
export const cleanups: (() => unknown)[] = [];

/** For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

/** Answers every request with its content. */
export const echo: OnFrame<BoltFrame> = (frame, socket) => {
  if (frame.kind === FrameKind.REQUEST) socket.write(boltAnswer(frame));
};

/** What a test may want otherwise. */
export interface Options {
  readonly onFrame?: OnFrame<BoltFrame>;
  readonly cluster?: Partial<ClusterConfig>;
  readonly router?: RouterConfig;
  readonly listener?: Partial<ListenerConfig>;
  readonly tools?: FunctionTools;
}

/** A host, the mesh before it, and a caller of the mesh. */
export async function setUp({
  onFrame = echo,
  cluster = {},
  router = everythingToC,
  listener = {},
  tools,
}: Options = {}) {
  const host = await FakeHost.start(bolt, onFrame);
  cleanups.push(() => host.stop().catch(() => {}));
  const test = await TestMesh.create(
    [clusterOf("c", [host.address], cluster)],
    router,
    listener,
    undefined,
    tools,
  );
  cleanups.push(() => test.close());
  const server = createBoltServer(test.scope, "bolt");
  const port = await test.serve(server);
  const caller = await FakeCaller.connect(bolt, port);
  cleanups.push(() => caller.socket.destroy());
  await until(() => assert.equal(server.connections, 1)); // before the clock moves, or another server takes callers
  return { host, test, server, caller, port, clock: test.clock };
}

/** The content of a frame as text. */
export function contentOf({ buffer, contentAt, contentEnd }: BoltFrame): string {
  return buffer.toString("utf8", contentAt, contentEnd);
}

/** A header of a frame. */
export function headerOf(
  { buffer, headersAt, contentAt }: BoltFrame,
  name: string,
): string | undefined {
  return findHeader(buffer, headersAt, contentAt, name);
}

/** The only frame that a caller got. */
export function only(caller: FakeCaller<BoltFrame>): BoltFrame {
  assert.equal(caller.frames.length, 1);
  const [frame] = caller.frames;
  assert.ok(frame);
  return frame;
}

/** Two further attempts after resets. */
export const retry: RetryPolicy = {
  on: ["reset"],
  statusCodes: [],
  retries: 2,
  backoffMs: 25,
  maxBackoffMs: 250,
  nonIdempotent: false,
  avoidTriedHosts: true,
};
/** Forwards to `c` with them. */
export const retried = forwardTo("c", { retry });
