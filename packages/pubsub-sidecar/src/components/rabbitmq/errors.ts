import { RpcError, backendErrors } from "@layotto/sidecar-kit";

/** Reply codes of AMQP 0-9-1 with which the server closes a channel: what is asked for cannot be, now or later. */
const REFUSALS: ReadonlySet<unknown> = new Set([403, 404, 405, 406, 540]);
/** Something of that name is there with other properties, among others. */
const PRECONDITION_FAILED = 406;

/** What is attempted, for messages. */
export interface Attempt {
  /** E.g. `declare queue "a-b"`. */
  readonly what: string;
  /** What mends it when something of that name is there with other properties. */
  readonly cure?: string;
}

/** What a failure of the client library or of the server means to the caller. */
export function rabbitError(error: unknown, { what, cure }: Attempt): RpcError {
  if (error instanceof RpcError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (!REFUSALS.has(code)) return backendErrors.BACKEND_UNAVAILABLE(`Cannot ${what}: ${message}`);
  const mend = code === PRECONDITION_FAILED && cure !== undefined ? `; ${cure}` : "";
  return backendErrors.BACKEND_FAILED(`Cannot ${what}: ${message}${mend}`);
}

/** The error of a call whose time is over. */
export function tooLate(when: string): RpcError {
  return backendErrors.BACKEND_TIMEOUT(`Cannot finish the call: its deadline passed ${when}`);
}

/** Waits for something until the deadline. @throws RpcError BACKEND_TIMEOUT */
export async function before<T>(work: Promise<T>, deadlineMs: number, when: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(when)), Math.max(0, deadlineMs - Date.now()));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
