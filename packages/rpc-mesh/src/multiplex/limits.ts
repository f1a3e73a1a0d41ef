/** Signs of life and limits of multiplexed connections. */
export interface MuxLimits {
  /** A connection on which nothing came for so long gets a heartbeat, ms. */
  readonly heartbeatIdleMs: number;
  /** Time for an answer to it, ms. */
  readonly heartbeatTimeoutMs: number;
  /** Heartbeats in a row without an answer that end a connection. */
  readonly heartbeatMisses: number;
  /** Longest frame that is taken where nothing else is said. Memory grows as a frame comes in, not as it is announced. */
  readonly maxFrameBytes: number;
  /** Octets that a host has not taken yet before further calls to it are refused. */
  readonly maxBacklogBytes: number;
  /** Octets that a caller has not taken yet, before nothing more is read from it. */
  readonly pauseBacklogBytes: number;
  /** Octets that a caller has not taken yet, of requests that were read before that, which end its connection. */
  readonly maxCallerBacklogBytes: number;
  /** Calls of one caller's connection under way before nothing more is read from it. */
  readonly maxCallsPerConnection: number;
  /** Octets of requests of one caller's connection under way before nothing more is read from it. */
  readonly maxHeldBytes: number;
  /** How long a host that said it is draining gets no calls. If it still drains then, it says so again. */
  readonly drainRestMs: number;
  /** A drained connection of a caller is closed when it has been quiet for so long: requests may have been on their way. */
  readonly drainQuietMs: number;
}

/** What holds unless a test says otherwise; heartbeats as SOFABolt's. */
export const muxLimits: MuxLimits = {
  heartbeatIdleMs: 15_000,
  heartbeatTimeoutMs: 1000,
  heartbeatMisses: 3,
  maxFrameBytes: 32 * 1024 * 1024,
  maxBacklogBytes: 16 * 1024 * 1024,
  pauseBacklogBytes: 1024 * 1024,
  maxCallerBacklogBytes: 256 * 1024 * 1024,
  maxCallsPerConnection: 8192,
  maxHeldBytes: 64 * 1024 * 1024,
  drainRestMs: 10_000,
  drainQuietMs: 100,
};
