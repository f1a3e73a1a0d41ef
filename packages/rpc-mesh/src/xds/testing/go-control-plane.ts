import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually, findProgram, tempDir } from "@layotto/sidecar-kit/testing";

/** What the server is to serve. */
export interface Order {
  readonly version: string;
  readonly clusters: readonly { readonly name: string; readonly hosts: readonly string[]; readonly bad?: boolean }[];
  /** Cluster of the routes. */
  readonly routeTo: string;
} // prettier-ignore

/** A request that the server has got. */
export interface HeardRequest {
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  readonly names: readonly string[] | null;
  readonly error: string;
  readonly node: string;
}

/** A management server made of Envoy's go-control-plane, in a process of its own. */
export interface GoControlPlane {
  readonly address: string;
  readonly heard: readonly HeardRequest[];
  serve(order: Order): void;
  kill(): void;
}

const source = fileURLToPath(new URL("../../../src/xds/testing/go", import.meta.url));

/** Builds the server. @throws Error when its modules cannot be had */
export function buildGoControlPlane(test: Pick<TestContext, "after">): string {
  const program = join(tempDir(test), "control-plane");
  execFileSync(findProgram("go") ?? "go", ["build", "-o", program, "."], {
    cwd: source,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, GOFLAGS: "-mod=readonly -buildvcs=false", GOTOOLCHAIN: "local" },
  });
  return program;
}

/** Starts the server until the test ends. */
export async function startGoControlPlane(
  test: Pick<TestContext, "after">,
  program: string,
): Promise<GoControlPlane> {
  const child: ChildProcessWithoutNullStreams = spawn(program);
  test.after(() => void child.kill("SIGKILL"));
  const heard: HeardRequest[] = [];
  let port = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as HeardRequest & { port?: number }; // the program's own lines
    if (message.port === undefined) heard.push(message);
    else port = message.port;
  });
  let errors = "";
  child.stderr.on("data", (bytes: Buffer) => (errors += bytes.toString()));
  await eventually("the port of the control plane", () => {
    if (child.exitCode !== null) throw new Error(errors);
    return port > 0;
  });
  return {
    address: `127.0.0.1:${port}`,
    heard,
    serve: (order) => void child.stdin.write(`${JSON.stringify(order)}\n`),
    kill: () => void child.kill("SIGKILL"),
  };
}
