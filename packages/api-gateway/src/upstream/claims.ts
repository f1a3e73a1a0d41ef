import type { Description } from "@layotto/proto/sidecar/v1/sidecar";
import type { MethodClaim } from "../routing/route.ts";

/** The methods of a description in the words of the route table. */
export function descriptionClaims(description: Description): MethodClaim[] {
  return description.methods.map(({ path, selector }) =>
    selector === undefined
      ? { path }
      : {
          path,
          selector: {
            fieldPath: selector.fieldPath,
            fieldName: selector.fieldName,
            values: selector.values,
          },
        },
  );
}

/** What one replica claims, and how new that is. */
export interface ClaimSource {
  readonly claims: readonly MethodClaim[];
  /** Larger is newer. */
  readonly receivedAt: number;
}

/** All methods that the replicas of one upstream serve together; where they differ, the newest description counts. */
export function mergeClaims(sources: readonly ClaimSource[]): MethodClaim[] {
  const merged = new Map<string, MethodClaim>();
  for (const { claims } of sources.toSorted((a, b) => a.receivedAt - b.receivedAt)) {
    for (const claim of claims) merged.set(claim.path, claim);
  }
  return [...merged.values()];
}

/** True when both lists say the same, so that the route table may stay. */
export function sameClaims(a: readonly MethodClaim[], b: readonly MethodClaim[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
