/** Layotto's three words: still starting, serving, broken. */
export type HealthStatus = "INIT" | "UP" | "DOWN";

/** A status and why. The reason is empty when UP. */
export interface Health {
  readonly status: HealthStatus;
  readonly reason: string;
}

/** Health of one configured component. */
export interface ComponentHealth {
  readonly section: string;
  readonly name: string;
  readonly type: string;
  readonly health: Health;
  /** Layotto's actuator name of the type; empty when it lists none. */
  readonly indicator: string;
}

/** Healthy, nothing to say. */
export const up: Health = { status: "UP", reason: "" };

/** Returns the health of the whole: any DOWN makes DOWN, otherwise any INIT makes INIT. */
export function combineHealth(components: readonly ComponentHealth[]): Health {
  const worst =
    components.find((each) => each.health.status === "DOWN") ??
    components.find((each) => each.health.status === "INIT");
  if (worst === undefined) return up;
  const { status, reason } = worst.health;
  return { status, reason: `${worst.section} "${worst.name}": ${reason}` };
}
