import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { findProgram, startServer } from "@layotto/sidecar-kit/testing";
import { run } from "../harness/command.ts";
import type { Scope } from "../harness/scope.ts";

/** Go's net/http with handlers that tell what came in. */
const goSource = fileURLToPath(new URL("../../src/mesh/strict-server", import.meta.url));
/** The first build of net/http takes its time. */
const buildTimeoutMs = 180_000;

/** What the Go server says of a request. */
export interface Seen {
  readonly Method: string;
  readonly URI: string;
  readonly Host: string;
  readonly Proto: string;
  readonly Header: Readonly<Record<string, readonly string[]>>;
  readonly TransferEncoding: readonly string[] | null;
  readonly ContentLength: number;
  readonly Octets: number;
  readonly Sha256: string;
  readonly Connections: number;
}

/** Builds and starts the Go server; its port. */
export async function startGoServer(scope: Scope): Promise<number> {
  const binary = join(scope.folder(), "strict-server");
  const go = findProgram("go") ?? "go";
  const built = await run(go, ["build", "-o", binary, "."], {
    cwd: goSource,
    env: { GOFLAGS: "-buildvcs=false", GO111MODULE: "on" },
    timeoutMs: buildTimeoutMs,
  });
  if (built.code !== 0) throw new Error(`go build: ${built.stderr}`);
  const child = spawn(binary, { stdio: ["pipe", "pipe", "inherit"] });
  scope.defer(async () => {
    const ended = once(child, "exit");
    child.stdin.end();
    await ended;
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string]; // so it is declared
  return Number(line);
}

/** The octets of the file that nginx serves. */
export const bigFile = Buffer.alloc(1_048_576, "0123456789abcdef");

/** Starts nginx in a folder of its own; its port. */
export async function startNginx(scope: Scope): Promise<number> {
  const dir = scope.folder();
  mkdirSync(join(dir, "files"));
  writeFileSync(join(dir, "files", "big"), bigFile);
  const server = await startServer({
    program: "nginx",
    cwd: dir,
    args: (port) => {
      writeFileSync(join(dir, "nginx.conf"), nginxConfig(dir, port));
      return ["-p", dir, "-c", join(dir, "nginx.conf"), "-e", join(dir, "error.log")];
    },
  });
  scope.defer(() => server.stop());
  return server.port;
}

/** It closes a connection after three requests, so keep-alive is given up often and in the middle of the load. */
function nginxConfig(dir: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path ${dir}/${each};`); // prettier-ignore
  return `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
events {}
http {
  ${temporary.join("\n  ")}
  access_log off;
  keepalive_requests 3;
  client_max_body_size 2m;
  ignore_invalid_headers off;
  server {
    listen 127.0.0.1:${port};
    root ${dir}/files;
    location = /said { return 200 "$request_method $request_uri $host $http_connection|$http_te|$http_content_length|$http_x_said"; }
    location = /missing { return 404 "nothing here"; }
    location = /broken { return 503 "not now"; }
  }
}
`;
} // prettier-ignore
