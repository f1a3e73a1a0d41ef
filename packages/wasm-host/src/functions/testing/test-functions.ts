import { testContext, type TestContext } from "@layotto/sidecar-kit/testing";
import type { FunctionRoute } from "../../config/settings.ts";
import type { FunctionDefinition } from "../../model/definition.ts";
import { Functions, type FunctionsOptions } from "../functions.ts";
import type { FunctionPlan } from "../plan.ts";
import { definitionOf, FakeEngine, fakeModule } from "./fake-engine.ts";
import { requestInput, TestSink } from "./test-sink.ts";

/** Functions on a fake engine, with time and luck in the hands of the test. */
export interface TestFunctions {
  readonly functions: Functions;
  readonly engine: FakeEngine;
  readonly context: TestContext;
  /** What the next random numbers are. */
  luck: number;
  /** Calls a function; undefined: there is none. */
  call(idOrName: string): TestSink | undefined;
  /** Calls it and returns the text of the module that answered, or the kind of the fault. */
  ask(idOrName: string): string | undefined;
}

export function testFunctions(options: Pick<FunctionsOptions, "onUninstall"> = {}): TestFunctions {
  const engine = new FakeEngine();
  const context = testContext();
  const { clock, logger } = context;
  const times = { monotonic: clock.now, now: clock.now };
  const tested: TestFunctions = {
    engine,
    context,
    luck: 0,
    functions: new Functions({ ...options, engine, logger, times, random: () => tested.luck }),
    call(idOrName) {
      const sink = new TestSink();
      const stream = tested.functions.open(idOrName, requestInput(), sink);
      return stream && sink;
    },
    ask(idOrName) {
      engine.answersAtOnce = true;
      const result = tested.call(idOrName)?.result;
      engine.answersAtOnce = false;
      return result;
    },
  };
  return tested;
}

/** A plan: one module, or several with their weights. */
export function planOf(
  name: string,
  modules: string | Readonly<Record<string, number>>,
  part: Partial<FunctionDefinition> & { routes?: readonly FunctionRoute[] } = {},
): FunctionPlan {
  const { routes = [], ...definition } = part;
  const weighted = typeof modules === "string" ? { [modules]: 1 } : modules;
  return {
    definition: definitionOf(name, definition),
    routes,
    modules: Object.entries(weighted).map(([text, weight]) => ({
      bytes: fakeModule(text),
      origin: "test",
      weight,
    })),
  };
}
