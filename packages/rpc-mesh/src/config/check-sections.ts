import type { ConfigFindings } from "@layotto/sidecar-kit";
import { type ConfigFault } from "@layotto/sidecar-kit/config";
import { readFlow } from "./read-flow.ts";
import { readMesh } from "./read-mesh.ts";
import { readRpcs } from "./read-rpcs.ts";
import type { RawSections } from "./read-sections.ts";

/** Finds everything that is wrong in the sections beyond what their schema says, flow rules included. */
export async function checkSections(sections: RawSections): Promise<ConfigFindings> {
  const registries = Object.keys(sections.registries ?? {});
  const mesh = readMesh(sections.mesh, { registries });
  const listeners = mesh.config?.listeners.map(({ name }) => name) ?? [];
  const rpcs = readRpcs(sections.rpcs, listeners);
  const flows = await Promise.all(
    flowsIn(sections.mesh).map(({ raw, path }) => readFlow(raw, path)),
  );
  return {
    // Without listeners every channel would be wrong.
    faults: [...mesh.faults, ...(mesh.config === undefined ? [] : rpcs.faults), ...flows.flatMap((each) => each.faults)], // prettier-ignore
    warnings: [...mesh.warnings, ...rpcs.warnings, ...flows.flatMap((each) => each.warnings)],
  };
}

interface FoundFlow {
  readonly raw: unknown;
  readonly path: ConfigFault["path"];
}

/** Settings of flow control, with their places. */
function flowsIn(mesh: unknown): FoundFlow[] {
  return entriesOf(mesh, "listeners").flatMap(([listener, i]) => {
    const path = ["mesh", "listeners", i];
    const own: unknown = Reflect.get(Object(listener), "flow_control");
    const filters = entriesOf(listener, "stream_filters")
      .filter(([filter]) => Reflect.get(Object(filter), "type") === "flowControlFilter")
      .map(([filter, k]) => ({
        raw: Reflect.get(Object(filter), "config") as unknown,
        path: [...path, "stream_filters", k, "config"],
      }));
    return own === undefined
      ? filters
      : [{ raw: own, path: [...path, "flow_control"] }, ...filters];
  });
}

function entriesOf(value: unknown, key: string): [unknown, number][] {
  const list: unknown = Reflect.get(Object(value), key);
  return Array.isArray(list) ? list.map((each: unknown, i) => [each, i]) : [];
}
