import { connect } from "node:net";
import { ExitCode } from "../exit-codes.ts";
import { controlSocket } from "../run-dir.ts";
import { UserError } from "../user-error.ts";
import {
  type ControlReply,
  type ControlRequest,
  maxControlLine,
  type SupervisorStatus,
} from "./control-protocol.ts";
import { createLineSplitter } from "./line-splitter.ts";

/**
 * Sends one command to the supervisor of a run directory and waits for its answer.
 *
 * @param progress called with each line that the supervisor says meanwhile
 * @throws {UserError} when no supervisor is running there, or with the error that it answered
 */
export function control(
  runDir: string,
  request: ControlRequest,
  progress: (line: string) => void = () => undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlSocket(runDir));
    let connected = false;
    const lines = createLineSplitter((line) => {
      const reply = JSON.parse(line) as ControlReply;
      if ("progress" in reply) return progress(reply.progress);
      socket.destroy();
      if ("error" in reply) reject(new UserError(reply.error, reply.exitCode));
      else resolve(reply.result);
    }, maxControlLine);
    socket.setEncoding("utf8");
    socket.on("connect", () => {
      connected = true;
      socket.write(`${JSON.stringify(request)}\n`);
    });
    socket.on("data", (chunk: string) => lines.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => reject(connected ? lost(request.command) : notRunning(runDir)));
  });
}

/** Asks the supervisor of a run directory what its processes are doing. */
export async function readStatus(runDir: string): Promise<SupervisorStatus> {
  return (await control(runDir, { command: "status" })) as SupervisorStatus;
}

function notRunning(runDir: string): UserError {
  return new UserError(
    `Cannot reach a supervisor: none is running in "${runDir}"\nStart one with "layotto start -c FILE"`,
    ExitCode.unavailable,
  );
}

function lost(command: string): UserError {
  return new UserError(
    `Cannot complete "${command}": the supervisor closed the connection`,
    ExitCode.unavailable,
  );
}
