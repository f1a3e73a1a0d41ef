import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { join } from "node:path";
import type { KubernetesMetadata } from "./metadata.ts";

/** Where the API of a cluster is, and how to call it. */
export interface KubeAccess {
  /** `https://host:port`, maybe with a path. */
  readonly server: string;
  readonly namespace: string;
  /** TLS and headers of one request. Asked for each time: tokens last an hour. */
  options(): Promise<RequestOptions>;
}

/** Access as the metadata has it. */
export function openAccess(metadata: KubernetesMetadata): Promise<KubeAccess> {
  const { kubeconfig } = metadata;
  return kubeconfig === undefined ? podAccess(metadata) : fileAccess(kubeconfig, metadata);
}

/** The service account that is mounted into every pod. Without the library, which costs 86 MB. */
async function podAccess(metadata: KubernetesMetadata): Promise<KubeAccess> {
  const { serviceAccountPath: folder, apiServer, namespace } = metadata;
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  return {
    server: apiServer,
    namespace: namespace ?? (await read("namespace")).trim(),
    options: async () => {
      const [token, ca] = await Promise.all([read("token"), read("ca.crt")]);
      return { ca, headers: { authorization: `Bearer ${token.trim()}` } };
    },
  };
}

/** A kubeconfig with whatever way to sign in it names: certificates, tokens, programs, OpenID. */
async function fileAccess(path: string, metadata: KubernetesMetadata): Promise<KubeAccess> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromFile(path);
  if (metadata.context !== undefined) config.setCurrentContext(metadata.context);
  const context = config.getContextObject(config.getCurrentContext());
  const cluster = config.getCurrentCluster();
  if (context === null || cluster === null) {
    throw new Error(
      `Cannot use kubeconfig "${path}": it has no context "${config.getCurrentContext()}"`,
    );
  }
  return {
    server: cluster.server,
    namespace: metadata.namespace ?? context.namespace ?? "default",
    options: async () => {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return options;
    },
  };
}
