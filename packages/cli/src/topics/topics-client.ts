import { join } from "node:path";
import { GrpcClient, GrpcError, Status } from "@layotto/grpc-transport";
import { Topics } from "@layotto/proto/sidecar/v1/topics";
import { client } from "@layotto/sidecar-kit";
import { ExitCode } from "../exit-codes.ts";
import type { ProcessStatus } from "../supervisor/managed-process.ts";
import { UserError } from "../user-error.ts";

/** Most that one answer may hold, in bytes: a few large dead letters are more than a call usually carries. */
const maxAnswerBytes = 256 * 1024 * 1024;

/** The operations of `sidecar.v1.Topics`. */
export type TopicsClient = ReturnType<typeof topicsOver>;

function topicsOver(connection: GrpcClient) {
  return client(Topics, connection);
}

/** One process that serves publish and subscribe, and what is asked of it. */
export interface TopicsQuestion {
  runDir: string;
  process: ProcessStatus;
  /** What fails when it fails, e.g. `list topics`. */
  what: string;
  /** Follows what the process answers when it fails. */
  cure?: string;
}

/**
 * Asks a process on its private socket, over a connection for this question alone.
 *
 * @throws {UserError} with the status that it answered, or saying why it cannot be reached
 */
export async function askTopics<T>(
  asked: TopicsQuestion,
  question: (topics: TopicsClient) => Promise<T>,
): Promise<T> {
  const { runDir, process } = asked;
  const options = { maxReceiveMessageBytes: maxAnswerBytes };
  const connection = new GrpcClient({ path: join(runDir, `${process.name}.sock`) }, options);
  try {
    return await question(topicsOver(connection));
  } catch (error) {
    throw error instanceof GrpcError ? userError(error, asked) : error;
  } finally {
    await connection.close();
  }
}

function userError(error: GrpcError, { process, what, cure }: TopicsQuestion): UserError {
  if (!isOutOfReach(error)) {
    const hint = cure === undefined ? "" : `; ${cure}`;
    return new UserError(`Cannot ${what}: ${error.message}${hint}`);
  }
  const why =
    process.state === "ready"
      ? error.message
      : `it is in state "${process.state}"${process.reason === null ? "" : `, ${process.reason}`}`;
  return new UserError(
    `Cannot ${what}: the process "${process.name}" cannot be reached: ${why}\nSee "layotto status"`,
    ExitCode.unavailable,
  );
}

/** A sidecar sends facts with its own errors; without them it was the connection that failed. */
function isOutOfReach({ code, statusDetails }: GrpcError): boolean {
  return code === Status.UNAVAILABLE && statusDetails === undefined;
}
