import { createLogger, type LoggerRoot } from "../logger.ts";
import { Metrics } from "../metrics/metrics.ts";
import type { ComponentContext } from "../component.ts";
import type { ProcessContext } from "../context.ts";
import { ComponentMetrics } from "../metrics/component-metrics.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";

/** A process context for tests: a fake clock, a silent logger whose lines are kept, fatal errors that are recorded. */
export interface TestContext extends ProcessContext {
  readonly clock: FakeClock;
  readonly logger: LoggerRoot;
  /** Lines that were logged, parsed. */
  readonly lines: Record<string, unknown>[];
  /** Calls of `fatal`. */
  readonly fatals: { exitCode: number; message: string }[];
}

/** Creates a {@link TestContext}; `part` replaces what a test cares for. */
export function testContext(part: Partial<ProcessContext> = {}): TestContext {
  const lines: Record<string, unknown>[] = [];
  const fatals: TestContext["fatals"] = [];
  const write = (text: string) => {
    for (const line of text.trimEnd().split("\n"))
      lines.push(JSON.parse(line) as Record<string, unknown>);
  };
  const clock = fakeClock();
  return {
    name: "test",
    appId: "app1",
    callback: undefined,
    installation: "test",
    dataDir: "/nonexistent",
    runDir: "/nonexistent",
    lenient: false,
    metrics: new Metrics(),
    signal: new AbortController().signal,
    fatal: (exitCode, message) => fatals.push({ exitCode, message }),
    listener: () => undefined,
    ...part,
    clock,
    logger: createLogger({ name: "test", level: "debug", write, now: clock.now }),
    lines,
    fatals,
  };
}

/** What a component type's `open` gets in a test. */
export function testComponentContext(part: Partial<ComponentContext> = {}): ComponentContext {
  const { appId, installation, dataDir, logger, signal } = testContext();
  const base = {
    section: "test",
    name: "test",
    type: "test",
    appId,
    installation,
    dataDir,
    logger,
    signal,
  };
  return { ...base, metrics: new ComponentMetrics("test", "test"), ...part };
}
