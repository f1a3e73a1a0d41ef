import type { JsonObject } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { DataSource, Metadata } from "@layotto/proto/envoy/config/core/v3/core";
import {
  type FractionalPercent,
  FractionalPercent_DenominatorType as Denominator,
} from "@layotto/proto/envoy/type/v3/type";
import { ResourceFault } from "../resource.ts";
import { balancingNamespace } from "./labels-on-wire.ts";

/** A duration in ms; undefined when it is not given. */
export function millis(duration: Duration): number;
export function millis(duration: Duration | undefined): number | undefined;
export function millis(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  return Number(duration.seconds) * 1000 + duration.nanos / 1e6;
}

/** A share, 0 to 100. */
export function percent(share: FractionalPercent): number {
  const whole = share.denominator === Denominator.MILLION ? 1e6 : 1e4;
  const of = share.denominator === Denominator.HUNDRED ? 100 : whole;
  return Math.min(100, (share.numerator * 100) / of);
}

/** Texts, numbers and flags of an object, as texts. */
export function labelsOf(object: JsonObject | undefined): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  for (const [key, value] of Object.entries(object ?? {})) {
    // null is an object too
    if (typeof value !== "object") labels[key] = String(value);
  }
  return Object.keys(labels).length === 0 ? undefined : labels;
}

/** What load balancing reads of metadata. */
export function balancingLabels(
  metadata: Metadata | undefined,
): Record<string, string> | undefined {
  return labelsOf(metadata?.filterMetadata[balancingNamespace]);
}

/** A file's path, or the text itself. @throws ResourceFault naming the variable of the environment that is not set */
export function sourceOf(source: DataSource | undefined): string | undefined {
  const specifier = source?.specifier;
  switch (specifier?.case) {
    case "filename":
    case "inlineString":
      return specifier.value;
    case "inlineBytes":
      return new TextDecoder().decode(specifier.value);
    case "environmentVariable":
      return fromEnvironment(specifier.value);
    default:
      return undefined;
  }
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new ResourceFault(`environment variable "${name}" is not set`);
  return value;
}
