import type { Protocol } from "../model/host.ts";

/** A request as routing and limits see it, whatever its protocol. */
export interface RequestView {
  readonly protocol: Protocol;
  /** Host header or `:authority`; empty for bolt and dubbo. */
  readonly authority: string;
  /** HTTP: path with query. bolt, dubbo: `/service/method`, as far as known. */
  readonly path: string;
  /** HTTP verb; empty for bolt and dubbo. */
  readonly method: string;
  /** Address of the caller without port; empty on unix sockets. */
  readonly peerAddress: string;
  /**
   * A header by its lower-case name; several values are joined by ", ". bolt: the header block as it is (`service` …).
   * dubbo: `dubbo`, `service`, `version`, `method`, `group`, and attachments.
   */
  header(name: string): string | undefined;
  /** All headers as far as they can be read: name, value, name, value …; names in lower case, no pseudo headers. */
  flat(): readonly string[];
}
