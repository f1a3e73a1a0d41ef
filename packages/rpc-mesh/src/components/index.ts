import type { ComponentTypes } from "@layotto/sidecar-kit";
import type { Registry } from "../component.ts";

/** The component types that an entry of `registries` may have. A type is loaded only when it is configured. */
export const registryTypes: ComponentTypes<Registry> = {
  etcd: () => import("./etcd/etcd.ts").then((m) => m.etcd),
  zookeeper: () => import("./zookeeper/zookeeper.ts").then((m) => m.zookeeper),
  nacos: () => import("./nacos/nacos.ts").then((m) => m.nacos),
  kubernetes: () => import("./kubernetes/kubernetes.ts").then((m) => m.kubernetes),
};
