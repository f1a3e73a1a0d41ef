import { silentLogger } from "@layotto/sidecar-kit";
import type { FakeClock } from "@layotto/sidecar-kit/testing";
import type { Random } from "../../clock.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Host } from "../../cluster/host.ts";
import { Mesh } from "../../mesh.ts";
import type { ClusterConfig } from "../../model/cluster.ts";
import { defaultCluster } from "../../config/defaults.ts";
import type { HostConfig } from "../../model/host.ts";
import type { RouteConfig } from "../../model/route.ts";
import { fakeMeshClock } from "../../testing/mesh-clock.ts";
import { requestOf, routerOf } from "../../testing/routing.ts";
import { seededRandom } from "../../testing/seeded-random.ts";
import type { Attempt } from "../attempt.ts";
import { Reason, type MeshFailure } from "../failure.ts";
import { GovernedCall, type CallOptions } from "../governed-call.ts";
import { httpVerdict } from "../grades.ts";
import type { RequestView } from "../request.ts";
import { meshFailure } from "../statuses.ts";
import type { Grade } from "../verdict.ts";

/** A mesh with a fake clock and fixed hosts. */
export interface TestMesh {
  readonly mesh: Mesh;
  readonly clock: FakeClock;
}

/** A cluster of these hosts, with the defaults but for `part`. */
export function clusterOf(
  name: string,
  hosts: readonly (string | HostConfig)[],
  part: Partial<ClusterConfig> = {},
): ClusterConfig {
  const source = {
    type: "static",
    hosts: hosts.map((host) => (typeof host === "string" ? { address: host } : host)),
  } as const;
  return { ...defaultCluster, name, source, ...part };
}

/** A mesh with these clusters and routes, in the router `r`. */
export async function testMesh(
  clusters: readonly ClusterConfig[],
  routes: readonly RouteConfig[],
  random: Random = seededRandom(1),
): Promise<TestMesh> {
  const clock = fakeMeshClock();
  const feed = (cluster: Cluster): (() => void) => {
    const { source } = cluster.config;
    if (source.type === "static") cluster.setHosts(source.hosts);
    return () => {};
  };
  const mesh = new Mesh({ clock, random, logger: silentLogger, feed });
  await mesh.apply(clusters, [routerOf(routes)]);
  return { mesh, clock };
}

/** What a script does with an attempt: a status, a failure, or nothing. */
export type Step = (attempt: Attempt, call: ScriptedCall) => void;

/** An attempt is answered with this status. */
export const answer =
  (status: number, retryAfter?: string): Step =>
  (attempt, call) =>
    call.answer(attempt, status, retryAfter);

/** An attempt fails. */
export const breakOff =
  (reason: Reason): Step =>
  (attempt, call) =>
    call.break(attempt, reason);

/** An attempt hears nothing. */
export const hang: Step = () => {};

/** A call whose hosts do what a script says; it writes down what happened. */
export class ScriptedCall extends GovernedCall {
  /** `host:port status` and the like, in order. */
  readonly log: string[] = [];
  readonly attempts: Attempt[] = [];
  readonly mirrored: string[] = [];
  failure: MeshFailure | undefined;
  canReplay = true;
  isIdempotent = true;
  private readonly script: readonly Step[];

  constructor(
    mesh: Mesh,
    script: readonly Step[],
    part: Partial<CallOptions> & { view?: RequestView } = {},
  ) {
    const { view = requestOf(), ...options } = part;
    const router = mesh.routers.get("r");
    super(mesh, { request: view, router, protocol: "http1", timeoutMs: 3000, ...options });
    this.script = script;
  }

  /** Begins with the whole request at hand. */
  run(): this {
    this.requestComplete();
    this.begin();
    return this;
  }

  answer(attempt: Attempt, status: number, retryAfter?: string): void {
    const delivered = this.answered(attempt, httpVerdict(status, retryAfter));
    this.log.push(`${attempt.host.address} ${status}${delivered ? " delivered" : ""}`);
    if (delivered) this.completed(attempt);
  }

  /** The head of the answer is well, its end says this. */
  answerEndingWith(attempt: Attempt, grade: Grade): void {
    if (this.answered(attempt, httpVerdict(200))) this.completed(attempt, grade);
  }

  /** The answer breaks off after its head. */
  answerBreaking(attempt: Attempt): void {
    if (this.answered(attempt, httpVerdict(200))) this.broken(attempt, Reason.RESET, "cut");
  }

  /** The request turns out to be larger than is allowed. */
  tooLarge(): void {
    this.refused(meshFailure(Reason.BODY_TOO_LARGE, "too large"));
  }

  break(attempt: Attempt, reason: Reason): void {
    this.log.push(`${attempt.host.address} ${reason}`);
    this.broken(attempt, reason, `failed with ${reason}`);
  }

  protected override get replayable(): boolean {
    return this.canReplay;
  }

  protected override get idempotent(): boolean {
    return this.isIdempotent;
  }

  protected override send(attempt: Attempt): void {
    this.attempts.push(attempt);
    const step = this.script[this.attempts.length - 1] ?? hang;
    step(attempt, this);
  }

  protected override abort(attempt: Attempt): void {
    this.log.push(`${attempt.host.address} aborted`);
  }

  protected override fail(failure: MeshFailure): void {
    this.failure = failure;
    this.log.push(`failed ${failure.reason}`);
  }

  protected override mirror(_cluster: Cluster, host: Host): void {
    this.mirrored.push(host.address);
  }
}
