/** Exit codes of the `layotto` command; 64 and above follow `sysexits.h`. */
export const ExitCode = {
  /** All went well. */
  ok: 0,
  /** The request itself failed: a gRPC status other than OK, an upgrade that was discarded. */
  failure: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** The configuration is wrong; nothing was started. */
  config: 64,
  /** Something needed is not there: a busy port, no running supervisor, a gateway out of reach. */
  unavailable: 69,
  /** A fault of this program. */
  internal: 70,
  /** A data directory was refused by a process. */
  dataDir: 73,
} as const;

/** One of {@link ExitCode}. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
