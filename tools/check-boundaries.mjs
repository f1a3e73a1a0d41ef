#!/usr/bin/env node
// Who may import whom. Prints every breach and sets the exit code.
import { dirname, join, resolve, sep } from "node:path";
import { importsOf } from "./lib/imports.mjs";
import { packages, readJson, root, shown, walk } from "./lib/repo.mjs";

const base = ["proto", "grpc-transport"];
const kit = [...base, "sidecar-kit"];
/** What several sidecars keep their data with. */
const stores = ["embedded-store", "redis-connection"];
const sidecar = [...kit, ...stores];

/** Packages that a package may import. A name ending in -sidecar that is not listed gets the sidecars' row. */
const layers = {
  proto: [],
  "grpc-transport": [],
  "sidecar-kit": base,
  "embedded-store": kit,
  "redis-connection": kit,
  "flow-control": kit,
  http1: kit,
  "api-gateway": [...kit, "flow-control"],
  "rpc-mesh": [...kit, "flow-control", "http1"],
  "wasm-host": [...kit, "http1"],
  cli: kit,
};

/** Further rules: files whose path matches may not import what matches, for the reason given. */
const rules = [
  {
    files: /^packages\/api-gateway\/src\//u,
    imports: /^@layotto\/proto\/(?:spec|dapr)\//u,
    reason: "the gateway forwards runtime messages and never decodes them",
    testsToo: false,
  },
  {
    files: /^packages\/(?:[a-z-]+-sidecar|rpc-mesh|wasm-host)\/src\/(?:[a-z-]+\/)?components\//u,
    imports: /^@layotto\/proto\b|^@bufbuild\/protobuf\b/u,
    reason: "a component type knows its interface and its client library, not protobuf",
    testsToo: false,
  },
  {
    files: /^packages\/(?:[a-z-]+-sidecar|rpc-mesh|wasm-host)\/src\/(?:[a-z-]+\/)?component\.ts$/u,
    imports: /^@layotto\/proto\b|^@bufbuild\/protobuf\b|^zod\b/u,
    reason: "the interface of a component knows neither protobuf nor a schema library",
    testsToo: true,
  },
  {
    files: /^packages\/[^/]+\/src\//u,
    imports: /\/testing(?:\/|$)/u,
    reason: "only tests may use test helpers",
    testsToo: false,
  },
];

const isTest = (path) =>
  /\.test\.ts$|\/testing\/|\/conformance(?:\.ts$|\/)|^packages\/e2e\//u.test(path);

const all = packages();
const byName = new Map(all.map((entry) => [entry.manifest.name, entry]));
const rootTools = Object.keys(readJson("package.json").devDependencies ?? {});
const faults = [];

function allowedFor(name) {
  if (name === "e2e") return all.map((entry) => entry.name);
  return layers[name] ?? sidecar;
}

/** "@scope/name/path" → ["@scope/name", "./path"] */
function splitName(name) {
  const parts = name.split("/");
  const length = name.startsWith("@") ? 2 : 1;
  return [parts.slice(0, length).join("/"), [".", ...parts.slice(length)].join("/")];
}

function isExported(manifest, path) {
  return Object.keys(manifest.exports ?? {}).some((key) => {
    const star = key.indexOf("*");
    if (star < 0) return key === path;
    return path.startsWith(key.slice(0, star)) && path.endsWith(key.slice(star + 1));
  });
}

/** What is wrong with one import, or undefined. */
function faultOf(entry, file, name) {
  const path = shown(file);
  if (name.startsWith("node:")) return undefined;
  if (name.startsWith(".")) {
    const target = resolve(dirname(file), name);
    const inside = target.startsWith(join(root, "packages", entry.name, "src") + sep);
    return inside || path.startsWith("packages/e2e/") ? undefined : "it leads out of the package";
  }
  const [packageName, subpath] = splitName(name);
  const declared = { ...entry.manifest.dependencies, ...entry.manifest.devDependencies };
  const declaredAtRoot = isTest(path) && rootTools.includes(packageName);
  if (packageName !== entry.manifest.name && !(packageName in declared) && !declaredAtRoot)
    return `"${packageName}" is not in packages/${entry.name}/package.json`;
  const target = byName.get(packageName);
  if (target === undefined || target === entry) return undefined;
  if (!allowedFor(entry.name).includes(target.name))
    return `${entry.name} may import ${allowedFor(entry.name).join(", ") || "nothing of this repository"}`;
  if (!isExported(target.manifest, subpath)) return `${packageName} does not export "${subpath}"`;
  return undefined;
}

/** Every breach of one file, as lines to print. */
function faultsIn(entry, file) {
  const path = shown(file);
  return importsOf(file).flatMap(({ name, line }) => {
    const broken = rules.filter(
      (rule) =>
        rule.files.test(path) && rule.imports.test(name) && (rule.testsToo || !isTest(path)),
    );
    return [faultOf(entry, file, name), ...broken.map((rule) => rule.reason)]
      .filter((reason) => reason !== undefined)
      .map((reason) => `${path}:${line}: may not import "${name}": ${reason}`);
  });
}

for (const entry of all)
  for (const file of walk(join(root, "packages", entry.name, "src")))
    if (file.endsWith(".ts")) faults.push(...faultsIn(entry, file));

for (const fault of faults) console.error(fault);
console.log(`${all.length} packages, ${faults.length} forbidden imports`);
process.exitCode = faults.length > 0 ? 1 : 0;
