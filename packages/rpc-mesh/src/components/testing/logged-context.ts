import type { ComponentContext } from "@layotto/sidecar-kit";
import { testComponentContext, testContext } from "@layotto/sidecar-kit/testing";

/** A context for components whose lines are kept. */
export interface LoggedContext {
  readonly context: ComponentContext;
  /** Lines from `info` on: `"warn: text"`. */
  logged(): string[];
}

/** Creates a {@link LoggedContext}. */
export function loggedContext(): LoggedContext {
  const { logger, lines } = testContext();
  return {
    context: testComponentContext({ logger }),
    logged: () => {
      logger.flush();
      return lines
        .filter(({ level }) => level !== "debug")
        .map(({ level, msg }) => `${String(level)}: ${String(msg)}`);
    },
  };
}
