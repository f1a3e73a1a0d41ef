export { ExitCode } from "./exit-codes.ts";
export { runCli } from "./run-cli.ts";
export { control, readStatus } from "./supervisor/control-client.ts";
export type { ControlRequest, SupervisorStatus } from "./supervisor/control-protocol.ts";
export type { ProcessStatus } from "./supervisor/managed-process.ts";
export type { ProcessState } from "./supervisor/process-state.ts";
export { controlSocket } from "./run-dir.ts";
export { UserError } from "./user-error.ts";
