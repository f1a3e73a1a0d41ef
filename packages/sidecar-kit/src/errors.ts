import type { StatusCode } from "@layotto/grpc-transport";

/** What an {@link RpcError} is made of. */
export interface RpcErrorInit {
  /** gRPC status code that the caller receives. */
  code: StatusCode;
  /** Stable, machine-readable reason in UPPER_SNAKE form; sent as `google.rpc.ErrorInfo.reason`. */
  reason: string;
  /** Text that the caller receives as `grpc-message`. */
  message: string;
  /** Capability that raised it, sent as `google.rpc.ErrorInfo.domain`, e.g. `"state"`. */
  domain?: string;
  /** Facts for programs, sent as `google.rpc.ErrorInfo.metadata`. */
  metadata?: Record<string, string>;
  /** What went wrong underneath: logged once, never sent. */
  cause?: unknown;
}

/** The one error class of the runtime: a gRPC code, a stable reason and a message. */
export class RpcError extends Error {
  readonly code: StatusCode;
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(init: RpcErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "RpcError";
    this.code = init.code;
    this.reason = init.reason;
    this.domain = init.domain ?? "runtime";
    this.metadata = init.metadata ?? {};
  }
}

/** One row of an error table: the code and how the message is made from its arguments. */
export interface ErrorRow<A extends readonly unknown[] = readonly never[]> {
  code: StatusCode;
  message: (...args: A) => string;
}

type ErrorTable = Record<string, ErrorRow>;

type ErrorFactories<T extends ErrorTable> = {
  readonly [R in keyof T]: T[R] extends ErrorRow<infer A> ? (...args: A) => RpcError : never;
};

/**
 * Turns an error table into factories, so that a throw reads as a sentence:
 * `throw errors.STORE_NOT_FOUND(name)`.
 *
 * @param domain capability name, sent as `google.rpc.ErrorInfo.domain`
 * @param table reason → code and message
 */
export function defineErrors<const T extends ErrorTable>(
  domain: string,
  table: T,
): ErrorFactories<T> {
  const factories: Record<string, (...args: never[]) => RpcError> = {};
  for (const [reason, row] of Object.entries(table)) {
    factories[reason] = (...args) =>
      new RpcError({ domain, reason, code: row.code, message: row.message(...args) });
  }
  return factories as ErrorFactories<T>;
}
