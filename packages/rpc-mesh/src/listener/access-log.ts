import type { Logger } from "@layotto/sidecar-kit";
import type { CallLog, CallReport } from "../call/call-log.ts";

/** One line per call of a listener, by the logger `access`. */
export class AccessLog implements CallLog {
  private readonly logger: Logger;

  constructor(logger: Logger, listener: string) {
    this.logger = logger.child("access", { listener });
  }

  ended({ request, route, cluster, host, status, flag, ms, attempts }: CallReport): void {
    const { protocol, method, authority, path } = request;
    const fields = {
      protocol,
      method: method === "" ? undefined : method,
      authority: authority === "" ? undefined : authority,
      // Queries may hold what is not for logs.
      path: path.split("?", 1)[0],
      route: route?.name,
      cluster: cluster?.name,
      host: host?.address,
      status,
      flag,
      ms: Math.round(ms * 1000) / 1000,
      attempts,
    };
    this.logger.info(fields, "call");
  }
}
