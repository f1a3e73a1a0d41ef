import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { temporaryDirectory } from "../testing/fixtures.ts";
import { runLayotto } from "../testing/run-layotto.ts";

const mesh = (cluster: string): string => `
mesh:
  listeners: [{ name: egress, router: routes }]
  routers:
    - router_config_name: routes
      virtual_hosts:
        - name: all
          domains: ["*"]
          routers: [{ match: { prefix: / }, route: { cluster_name: ${cluster} } }]
  clusters: [{ name: echo, hosts: [{ address: "127.0.0.1:1" }] }]
`;

describe("layotto validate", () => {
  let directory: ReturnType<typeof temporaryDirectory>;

  beforeEach(() => {
    directory = temporaryDirectory();
  });

  afterEach(() => directory.remove());

  async function validate(text: string, ...more: string[]) {
    const file = join(directory.path, "layotto.yaml");
    writeFileSync(file, text);
    const run = runLayotto(["validate", "-c", file, ...more], { cwd: directory.path, env: {} });
    return { code: await run.ended, stdout: run.stdout(), stderr: run.stderr() };
  }

  it("asks sidecars for what their schemas cannot say", async () => {
    const { code, stderr } = await validate(mesh("ecco"));
    assert.equal(code, 64);
    assert.match(stderr, /: 1 fault\n.*cluster "ecco" is not configured; did you mean "echo"\?/);
  });

  it("gives such faults to programs, too", async () => {
    const { code, stdout } = await validate(mesh("ecco"), "--json");
    assert.equal(code, 64);
    const { valid, faults } = JSON.parse(stdout) as {
      valid: boolean;
      faults: { path: string[] }[];
    };
    assert.equal(valid, false);
    assert.deepEqual(faults[0]?.path.slice(0, 2), ["mesh", "routers"]);
  });

  it("names what would run when nothing is wrong", async () => {
    const { code, stdout } = await validate(mesh("echo"));
    assert.equal(code, 0);
    assert.match(stdout, /is valid; it runs gateway, mesh\n$/);
  });
});
