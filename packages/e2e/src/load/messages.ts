/** A method that is called at a constant rate. */
export interface UnaryLoad {
  name: string;
  path: string;
  /** The request, base64. */
  request: string;
  perSecond: number;
}

/** Streams that are open all the time: on each, `messages` messages are answered one by one, then it ends and is followed by the next. */
export interface StreamLoad {
  name: string;
  path: string;
  request: string;
  /** Streams open at once. */
  open: number;
  messages: number;
  /** Pause between two messages, ms. */
  pauseMs: number;
}

/** What the generator does; times in ms. */
export interface LoadSpec {
  host: string;
  port: number;
  /** Connections that the calls are spread over. */
  connections: number;
  unary: readonly UnaryLoad[];
  streams: readonly StreamLoad[];
  /** Opens a new connection every so often and makes the first unary call on it. */
  connectEveryMs?: number;
  /** Deadline of every call. */
  timeoutMs: number;
}

/** A call that did not end with OK. */
export interface FailedCall {
  name: string;
  /** Wall clock, ms since the epoch. */
  startedAt: number;
  endedAt: number;
  status: string;
  message: string;
}

/** What became of the calls of one name. */
export interface MethodReport {
  /** Calls by status name. */
  statuses: Record<string, number>;
  /** Calls by second since the start, and status name. */
  seconds: Record<string, number>[];
  /** Of calls that ended with OK, ms. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Longest time without an OK, ms, and when it began (ms since the epoch). */
  longestGapMs: number;
  longestGapAt: number;
}

/** What the generator counted since it started, or since the last look at it. */
export interface LoadReport {
  tookMs: number;
  issued: number;
  /** Ended with any status. Equal to `issued` once the generator has stopped. */
  ended: number;
  ok: number;
  methods: Record<string, MethodReport>;
  failures: FailedCall[];
}

/** Test → generator. */
export type LoadCommand = { type: "start"; spec: LoadSpec } | { type: "take" } | { type: "stop" };

/** Generator → test. */
export type LoadEvent =
  | { type: "started" }
  | { type: "taken"; report: LoadReport }
  | { type: "stopped"; report: LoadReport };
