import type { GuestFault } from "./fault.ts";

/**
 * Header lines as name, value, name, value …: names in lower case, pseudo headers (`:path`) first. Flat because they
 * cross to worker threads. Values are octets as latin1 characters.
 */
export type FlatHeaders = readonly string[];

/** One half of an HTTP exchange as a guest sees it. */
export interface PhaseInput {
  readonly phase: "request" | "response";
  readonly headers: FlatHeaders;
  /** The whole body; undefined: there is none, or the guest does not see it. Owned by who gets it. */
  readonly body: Uint8Array | undefined;
  readonly trailers: FlatHeaders | undefined;
  /** A body follows that the guest does not see: its headers are not the end of the stream. */
  readonly bodyFollows: boolean;
}

/** A new HTTP context of a guest. */
export interface StreamInput extends PhaseInput {
  /**
   * `function`: the guest makes the answer; request phase, then response phase of what it made, then the end, all by
   * itself. `filter`: one phase at a time, an output after each; the end comes by closing the stream.
   */
  readonly mode: "function" | "filter";
  /** Properties that the guest can read, as path (parts joined by ".") and value alternating. */
  readonly properties: readonly string[];
}

/** An answer that the guest itself gives. */
export interface GuestAnswer {
  readonly status: number;
  readonly headers: FlatHeaders;
  readonly body: Uint8Array;
  readonly trailers: FlatHeaders;
  /** The gRPC status it asked for; −1: none. */
  readonly grpcStatus: number;
  /** For logs. */
  readonly details: string;
}

/** What came of a phase. */
export interface StreamOutput {
  readonly stream: number;
  readonly outcome: "continue" | "answer" | "failed";
  /** `continue`: the headers if the guest changed them; likewise body and trailers. */
  readonly headers?: FlatHeaders;
  readonly body?: Uint8Array;
  readonly trailers?: FlatHeaders;
  /** `answer`: a function's result, or proxy_send_local_response of a filter. */
  readonly answer?: GuestAnswer;
  /** `failed`. */
  readonly fault?: GuestFault;
  /** Properties that the guest has set in this phase, as path and value alternating. */
  readonly properties?: readonly string[];
}
