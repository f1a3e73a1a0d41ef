import { defineComponentType } from "@layotto/sidecar-kit";
import type { HostsListener, Registry, ServiceQuery } from "../../component.ts";
import { Outage } from "../../discovery/outage.ts";
import { registryErrors } from "../errors.ts";
import { openAccess } from "./access.ts";
import { KubeApi } from "./api.ts";
import type { KubernetesMetadata } from "./metadata.ts";
import { SliceWatch } from "./slice-watch.ts";
import { serviceOf } from "./slices.ts";

/** What the component is made of. */
export interface KubernetesOptions {
  readonly name: string;
  readonly api: KubeApi;
  readonly outage: Outage;
  readonly callTimeoutMs: number;
}

/**
 * Endpoints of Kubernetes services, from their EndpointSlices. Needs `list` and `watch` on `endpointslices` of
 * `discovery.k8s.io`. Only read: pods are announced by the cluster itself.
 */
export class KubernetesRegistry implements Registry {
  readonly #options: KubernetesOptions;
  readonly #watches = new Set<SliceWatch>();

  constructor(options: KubernetesOptions) {
    this.#options = options;
  }

  watch(query: ServiceQuery, listener: HostsListener): () => void {
    const service = serviceOf(query, this.#options.api.namespace);
    const watch = new SliceWatch({ ...this.#options, service, listener });
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
      watch.stop();
    };
  }

  async register(): Promise<never> {
    const cure = "make a Service in the cluster";
    throw registryErrors.REGISTRY_READ_ONLY(this.#options.name, "kubernetes", cure);
  }

  async ping(signal: AbortSignal): Promise<void> {
    const { api, callTimeoutMs: timeoutMs } = this.#options;
    const namespace = encodeURIComponent(api.namespace);
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?limit=1`;
    await api.get(path, { timeoutMs, signal });
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.stop();
    this.#watches.clear();
  }
}

/** The `kubernetes` component type. */
export const kubernetes = defineComponentType<Registry, KubernetesMetadata>({
  metadata: () => import("./metadata.ts").then((m) => m.kubernetesMetadata),
  async open(metadata, { name, logger, signal }) {
    const api = new KubeApi(await openAccess(metadata));
    const outage = new Outage(logger, "the Kubernetes API");
    const callTimeoutMs = metadata.callTimeout;
    const registry = new KubernetesRegistry({ name, api, outage, callTimeoutMs });
    await registry.ping(signal);
    return registry;
  },
});
