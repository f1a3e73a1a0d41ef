import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "./testing/fixtures.ts";
import { discoverSidecars, readDescription } from "./discovery.ts";

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

function install(root: string, name: string, layotto?: object): void {
  const folder = join(directory.path, root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: "1.2.3", layotto }));
}

function discover(roots: string[], extra: string[] = []) {
  const modulePaths = roots.map((root) => join(directory.path, root));
  return discoverSidecars({ from: [], extra, base: directory.path, modulePaths });
}

const sidecar = (name: string, ...sections: string[]) => ({ name, sections, bin: "./main.js" });

describe("discoverSidecars()", () => {
  it("finds ours, those with a telling name, and nothing else", () => {
    install("a", "@layotto/state-sidecar", sidecar("state", "state", "lock"));
    install("a", "@layotto/sidecar-kit");
    install("a", "@acme/greeter-sidecar", sidecar("greeter", "greeters"));
    install("a", "weather-sidecar", sidecar("weather", "weather"));
    install("a", "other", sidecar("other", "other"));
    assert.deepEqual(
      discover(["a"]).map((s) => s.packageName),
      ["@acme/greeter-sidecar", "@layotto/state-sidecar", "weather-sidecar"],
    );
  });

  it("reads what is needed to run it", () => {
    const paths = { schema: "./schema.json", description: "./description.json" };
    install("a", "weather-sidecar", { ...sidecar("weather", "weather"), ...paths });
    const folder = join(directory.path, "a", "weather-sidecar");
    const methods = [
      {
        path: "/w.W/Now",
        section: "weather",
        unconfigured: { code: 9, reason: "R", message: "m" },
      },
    ];
    writeFileSync(join(folder, "description.json"), JSON.stringify({ methods }));
    const [found] = discover(["a"]);
    assert.deepEqual(found, {
      packageName: "weather-sidecar",
      version: "1.2.3",
      directory: folder,
      name: "weather",
      sections: ["weather"],
      bin: join(folder, "main.js"),
      schemaFile: join(folder, "schema.json"),
      checks: false,
      descriptionFile: join(folder, "description.json"),
    });
    assert.deepEqual(found && readDescription(found), methods);
  });

  it("reads where a sidecar listens besides", () => {
    const listeners = { web: "weather.*.address" };
    install("a", "weather-sidecar", { ...sidecar("weather", "weather"), listeners });
    assert.deepEqual(discover(["a"])[0]?.listeners, listeners);
    install("b", "weather-sidecar", { ...sidecar("weather", "weather"), listeners: ["x"] });
    assert.throws(() => discover(["b"]), /must have listeners as a map of names to patterns/);
  });

  it("takes a package from the nearest folder", () => {
    install("near", "weather-sidecar", sidecar("weather", "weather"));
    install("far", "weather-sidecar", sidecar("old", "old"));
    assert.deepEqual(
      discover(["near", "far", "absent"]).map((s) => s.name),
      ["weather"],
    );
  });

  it("takes listed packages and folders, which replace installed ones of the same name", () => {
    install("a", "@layotto/state-sidecar", sidecar("state", "state"));
    install("a", "other", sidecar("other", "other"));
    install("here", "my-state", sidecar("state", "state"));
    assert.deepEqual(
      discover(["a"], ["other", "./here/my-state"]).map((s) => s.packageName),
      ["other", "my-state"],
    );
  });

  it("says which listed package is missing or no sidecar", () => {
    install("a", "plain");
    assert.throws(() => discover(["a"], ["absent"]), /Cannot find the sidecar "absent": it is not/);
    assert.throws(() => discover(["a"], ["plain"]), /the "layotto" key .* has no such key/);
    install("a", "broken-sidecar", { name: "broken", sections: "x" });
    assert.throws(() => discover(["a"]), /needs name, sections and bin/);
  });

  it("refuses two that claim the same section, naming both", () => {
    install("a", "one-sidecar", sidecar("one", "weather"));
    install("a", "two-sidecar", sidecar("two", "weather"));
    assert.throws(
      () => discover(["a"]),
      /"one-sidecar" and "two-sidecar": both claim the section "weather"/,
    );
  });
});
