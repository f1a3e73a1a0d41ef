import { join } from "node:path";
import { GrpcClient, GrpcError, Status } from "@layotto/grpc-transport";
import { Sidecar } from "@layotto/proto/sidecar/v1/sidecar";
import { client } from "@layotto/sidecar-kit";
import { ExitCode } from "../exit-codes.ts";
import type { SupervisorStatus } from "../supervisor/control-protocol.ts";
import type { ProcessStatus } from "../supervisor/managed-process.ts";
import { printable } from "../topics/printable.ts";
import { UserError } from "../user-error.ts";
import { joinReports, meshReport } from "./read-page.ts";
import type { MeshReport } from "./report.ts";

/** Name of the page that shows the mesh. */
const pageName = "mesh";
/** How long a process may take to show it, in milliseconds. */
const timeoutMs = 5000;
/** Most that one page may hold, in bytes: some hundred thousand hosts. */
const maxPageBytes = 256 * 1024 * 1024;

/** What came of asking one process: its page, that it has none, or why it cannot be asked. */
type Told =
  | { readonly report: MeshReport }
  | { readonly none: true }
  | { readonly process: string; readonly fault: string };

/** The mesh as all its processes show it. */
export interface MeshReading {
  readonly report: MeshReport;
  /** One line for each process that cannot be asked. */
  readonly notes: readonly string[];
}

/**
 * Asks every sidecar for the page of the mesh, on its private socket.
 *
 * @throws {UserError} when none has it
 */
export async function readMesh(status: SupervisorStatus): Promise<MeshReading> {
  const sidecars = status.processes.filter(({ kind }) => kind === "sidecar");
  const told = await Promise.all(sidecars.map((process) => ask(status.runDir, process)));
  const reports = told.flatMap((each) => ("report" in each ? [each.report] : []));
  const faults = told.flatMap((each) => ("fault" in each ? [each] : []));
  if (reports.length === 0) throw noMesh(status, faults);
  const notes = faults.map(({ process, fault }) => `cannot ask the process "${process}": ${fault}`);
  return { report: joinReports(reports), notes };
}

function noMesh(
  { configFile }: SupervisorStatus,
  [first]: readonly { process: string; fault: string }[],
): UserError {
  const text =
    first === undefined
      ? `Cannot show the mesh: no rpc-mesh runs for "${configFile}"\n` +
        'Configure one in the sections mesh and rpcs, then "layotto stop" and "layotto start"'
      : `Cannot show the mesh: the process "${first.process}" cannot be reached: ${first.fault}\nSee "layotto status"`;
  return new UserError(text, ExitCode.unavailable);
}

async function ask(runDir: string, process: ProcessStatus): Promise<Told> {
  const options = { maxReceiveMessageBytes: maxPageBytes };
  const connection = new GrpcClient({ path: join(runDir, `${process.name}.sock`) }, options);
  try {
    const { json } = await client(Sidecar, connection).page({ name: pageName }, { timeoutMs });
    return { report: meshReport(process.name, JSON.parse(json)) };
  } catch (error) {
    if (hasNoPage(error)) return { none: true };
    return { process: process.name, fault: printable(faultOf(error, process)) };
  } finally {
    await connection.close();
  }
}

/** A sidecar without this page, or from before there were pages. */
function hasNoPage(error: unknown): boolean {
  if (!(error instanceof GrpcError)) return false;
  return error.code === Status.NOT_FOUND || error.code === Status.UNIMPLEMENTED;
}

function faultOf(error: unknown, { state, reason }: ProcessStatus): string {
  if (state === "ready") return error instanceof Error ? error.message : String(error);
  return `it is in state "${state}"${reason === null ? "" : `, ${reason}`}`;
}
