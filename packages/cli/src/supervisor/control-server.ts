import { chmodSync, linkSync, renameSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { ExitCode } from "../exit-codes.ts";
import { controlSocket } from "../run-dir.ts";
import { codeOf, messageOf, UserError } from "../user-error.ts";
import { type ControlReply, type ControlRequest, maxControlLine } from "./control-protocol.ts";
import { createLineSplitter } from "./line-splitter.ts";

/** Answers one command; what it throws becomes the error line. */
export type ControlHandler = (
  request: ControlRequest,
  progress: (line: string) => void,
) => Promise<unknown>;

/** The control socket, held for as long as the supervisor runs. It is also the lock of the run directory. */
export interface ControlServer {
  /** Stops listening, lets answers go out, removes the socket. */
  close(): Promise<void>;
}

/**
 * Takes the control socket of a run directory. A socket that nobody answers on is left over and replaced.
 *
 * @throws {UserError} when another supervisor is running there
 */
export async function openControlServer(
  runDir: string,
  handler: ControlHandler,
): Promise<ControlServer> {
  const path = controlSocket(runDir);
  await removeStale(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, handler);
  });
  await listen(server, path);
  chmodSync(path, 0o600);
  return {
    close() {
      for (const socket of sockets) socket.end();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Whether somebody accepts connections on a unix socket. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

async function removeStale(path: string): Promise<void> {
  if (await isAnswered(path)) throw alreadyRunning(path);
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  // Between the look and the move another supervisor may have started: give its socket back.
  const taken = await isAnswered(aside);
  if (taken) linkSync(aside, path);
  rmSync(aside, { force: true });
  if (taken) throw alreadyRunning(path);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(codeOf(error) === "EADDRINUSE" ? alreadyRunning(path) : error),
    );
    server.listen(path, resolve);
  });
}

function alreadyRunning(path: string): UserError {
  return new UserError(
    `Cannot start: a supervisor is already running on "${path}"\n` +
      'See it with "layotto status", end it with "layotto stop", or choose another --run-dir',
    ExitCode.unavailable,
  );
}

function serve(socket: Socket, handler: ControlHandler): void {
  const reply = (line: ControlReply): void => {
    if (socket.writable) socket.write(`${JSON.stringify(line)}\n`);
  };
  let received = 0;
  const lines = createLineSplitter((line) => void answer(line, handler, reply), maxControlLine);
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    received += chunk.length;
    if (received > maxControlLine) socket.destroy();
    else lines.push(chunk);
  });
}

async function answer(
  line: string,
  handler: ControlHandler,
  reply: (line: ControlReply) => void,
): Promise<void> {
  try {
    const request = JSON.parse(line) as ControlRequest;
    reply({ result: await handler(request, (progress) => reply({ progress })) });
  } catch (error) {
    const exitCode = error instanceof UserError ? error.exitCode : ExitCode.internal;
    reply({ error: messageOf(error), exitCode });
  }
}
