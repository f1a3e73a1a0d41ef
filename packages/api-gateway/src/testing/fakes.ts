import { create } from "@bufbuild/protobuf";
import type { GrpcClient } from "@layotto/grpc-transport";
import {
  DescriptionSchema,
  DescriptorsResponseSchema,
  HealthStatus,
  type Description,
  type DescriptorsResponse,
  type MetricFamily,
} from "@layotto/proto/sidecar/v1/sidecar";
import type { MethodMetrics } from "@layotto/sidecar-kit";
import type { MethodRegistry } from "../routing/route.ts";
import type { SidecarConnection } from "../upstream/sidecar-connection.ts";

/** Counters that count nothing, one object per path. */
export function fakeMetrics(): MethodRegistry {
  const known = new Map<string, MethodMetrics>();
  return {
    method(path) {
      const metrics = known.get(path) ?? ({ path } as MethodMetrics); // only its identity is looked at
      known.set(path, metrics);
      return metrics;
    },
  };
}

/** A description with what a test does not care for filled in. */
export function description(
  part: Partial<Omit<Description, "$typeName" | "methods">> & { methods?: readonly string[] } = {},
): Description {
  const { methods = ["/t.S/A"], ...rest } = part;
  return create(DescriptionSchema, {
    contractMajor: 1,
    name: "test-sidecar",
    version: "1.0.0",
    generation: "1-1",
    health: { status: HealthStatus.UP, reason: "" },
    ...rest,
    methods: methods.map((path) => ({ path })),
  });
}

/** A connection that a test drives: it connects, describes and breaks when told. */
export class FakeConnection implements SidecarConnection {
  readonly client = {} as GrpcClient; // nothing is forwarded in these tests
  isReady = false;
  fault = "";
  isClosed = false;
  families: MetricFamily[] = [];
  levels: [string, string][] = [];
  /** JSON by name of the page. */
  pages: Record<string, string> = {};
  files: DescriptorsResponse = create(DescriptorsResponseSchema);
  /** Number of watches that were begun. */
  watches = 0;
  descriptorCalls = 0;
  readonly #listeners = new Set<() => void>();
  #deliver: ((next: Description | Error) => void) | undefined;

  onState(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The connection is up or down from now on. */
  setReady(isReady: boolean): void {
    this.isReady = isReady;
    if (isReady) this.fault = "";
    for (const listener of this.#listeners) listener();
  }

  /** Sends a description, connecting first; resolves when it was taken. */
  async describe(next: Description): Promise<void> {
    this.setReady(true);
    await this.#whenWatched();
    this.#deliver?.(next);
    await settle();
  }

  /** The process dies. */
  async fail(message: string): Promise<void> {
    this.fault = message;
    this.setReady(false);
    this.#deliver?.(new Error(message));
    await settle();
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Description> {
    this.watches += 1;
    for (;;) {
      const next = await new Promise<Description | Error>((resolve) => {
        this.#deliver = resolve;
        signal.addEventListener("abort", () => resolve(new Error("aborted")), { once: true });
      });
      this.#deliver = undefined;
      if (next instanceof Error) throw next;
      yield next;
    }
  }

  metrics(): Promise<MetricFamily[]> {
    return this.isReady
      ? Promise.resolve(this.families)
      : Promise.reject(new Error("not reachable"));
  }

  setLogLevel(logger: string, level: string): Promise<number> {
    if (!this.isReady) return Promise.reject(new Error("not reachable"));
    this.levels.push([logger, level]);
    return Promise.resolve(1);
  }

  descriptors(): Promise<DescriptorsResponse> {
    this.descriptorCalls += 1;
    return Promise.resolve(this.files);
  }

  page(name: string): Promise<string> {
    return this.isReady
      ? Promise.resolve(this.pages[name] ?? "null")
      : Promise.reject(new Error("not reachable"));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  async #whenWatched(): Promise<void> {
    for (let i = 0; i < 1_000 && this.#deliver === undefined; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** Lets everything run that is ready to. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
