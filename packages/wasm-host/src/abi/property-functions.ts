import { WasmStatus } from "../model/host-calls.ts";
import type { Context, GuestScope } from "./guest-scope.ts";
import type { HostFunctionTable } from "./host-function.ts";
import { HttpContext } from "./http-context.ts";
import { knownProperty } from "./known-properties.ts";
import { native } from "./native.ts";

/** Properties that one context may set. */
const maxProperties = 128;
/** Characters of their names and octets of their values together. */
const maxPropertyBytes = 64 * 1024;

/** Properties (proxy-wasm/spec v0.2.1, "Properties"): paths are parts with a NUL between them. */
export const propertyFunctions: HostFunctionTable = {
  proxy_get_property: native("iiii", (scope, path, pathLength, pointerOut, sizeOut) => {
    const value = property(scope, pathText(scope.memory.text(path, pathLength)));
    if (value === undefined) return WasmStatus.NOT_FOUND;
    return typeof value === "string"
      ? scope.memory.giveText(value, pointerOut, sizeOut)
      : scope.memory.give(value, pointerOut, sizeOut);
  }),
  proxy_set_property: native("iiii", (scope, path, pathLength, value, valueLength) => {
    const name = pathText(scope.memory.text(path, pathLength));
    const octets = scope.memory.copy(value, valueLength);
    // What the host says of the guest itself cannot be set.
    if (name === "" || name.startsWith("plugin_")) return WasmStatus.NOT_FOUND;
    return setProperty(scope.context ?? scope.root, name, octets);
  }),
};

/** Parts joined by "."; a NUL at the end says nothing. */
function pathText(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === "\0") end -= 1;
  return path.slice(0, end).replaceAll("\0", ".");
}

function property(scope: GuestScope, path: string): string | Uint8Array | undefined {
  const context = scope.context ?? scope.root;
  return (
    context.properties.get(path) ??
    scope.root.properties.get(path) ??
    knownProperty(scope, context, path)
  );
}

function setProperty(context: Context, name: string, value: Uint8Array): WasmStatus {
  const { properties } = context;
  if (!properties.has(name) && properties.size >= maxProperties) return WasmStatus.BAD_ARGUMENT;
  const others = [...properties].reduce(
    (sum, [key, each]) => sum + (key === name ? 0 : key.length + each.length),
    0,
  );
  if (others + name.length + value.length > maxPropertyBytes) return WasmStatus.BAD_ARGUMENT;
  properties.set(name, value);
  if (context instanceof HttpContext) (context.changedProperties ??= new Set()).add(name);
  return WasmStatus.OK;
}
