/** What is read of an EndpointSlice of `discovery.k8s.io/v1`. JSON has null for empty lists. */
export interface EndpointSlice {
  readonly metadata?: ObjectMeta;
  readonly addressType?: string;
  readonly ports?: readonly EndpointPort[] | null;
  readonly endpoints?: readonly Endpoint[] | null;
}

/** What is read of the metadata of an object. */
export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly resourceVersion?: string;
}

/** A port of all endpoints of a slice. */
export interface EndpointPort {
  readonly name?: string;
  readonly port?: number | null;
  readonly protocol?: string;
}

/** An endpoint: mostly a pod. */
export interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: EndpointConditions;
  readonly zone?: string;
  readonly nodeName?: string;
  readonly targetRef?: { readonly kind?: string; readonly name?: string };
}

/** Conditions of an endpoint; what is not said of `ready` counts as true. */
export interface EndpointConditions {
  readonly ready?: boolean | null;
  readonly serving?: boolean | null;
  readonly terminating?: boolean | null;
}
