import { z } from "zod";
import { callTimeout, text } from "../shared-metadata.ts";

/** Metadata of component type `kubernetes`. Inside of a cluster nothing need be given. */
export const kubernetesMetadata = z.strictObject({
  kubeconfig: text("Path of a kubeconfig file; without it the service account of the pod is used"),
  context: text("Context of the kubeconfig; default: its current one"),
  apiServer: z.string().min(1).default("https://kubernetes.default.svc").meta({
    description: "Address of the API for the service account of the pod",
  }),
  serviceAccountPath: z
    .string()
    .min(1)
    .default("/var/run/secrets/kubernetes.io/serviceaccount")
    .meta({ description: "Where token, ca.crt and namespace of the pod are mounted" }),
  namespace: text("Namespace of services that name none; default: that of the pod or the context"),
  callTimeout: callTimeout(),
});

/** What {@link kubernetesMetadata} yields. */
export type KubernetesMetadata = z.infer<typeof kubernetesMetadata>;
