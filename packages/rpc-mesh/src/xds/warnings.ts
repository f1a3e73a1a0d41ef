import type { Logger } from "@layotto/sidecar-kit";

/** So many different warnings are remembered; beyond, they may be told again. */
const maxRemembered = 2000;

/** Tells of what a resource asks for and does not get, once each: servers send the same again and again. */
export class Warnings {
  private readonly told = new Set<string>();
  private readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  add(resource: string, reason: string): void {
    const key = `${resource}\n${reason}`;
    if (this.told.has(key)) return;
    if (this.told.size >= maxRemembered) this.told.clear();
    this.told.add(key);
    this.logger.warn({ resource, reason }, "a part of an xDS resource is not used");
  }
}
