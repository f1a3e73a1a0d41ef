import type { ClusterConfig } from "../model/cluster.ts";
import type { HostConfig } from "../model/host.ts";
import type { RouterConfig } from "../model/route.ts";
import { readCluster } from "./read/cluster.ts";
import { readAssignment } from "./read/endpoints.ts";
import { type XdsListener, readListener } from "./read/listener.ts";
import { readRouter } from "./read/route.ts";
import type { ResourceKind } from "./resource.ts";

const prefix = "type.googleapis.com/envoy.config";

/** CDS. */
export const clusterKind: ResourceKind<ClusterConfig> = {
  typeUrl: `${prefix}.cluster.v3.Cluster`,
  label: "cluster",
  complete: true,
  read: readCluster,
};

/** EDS. */
export const endpointKind: ResourceKind<readonly HostConfig[]> = {
  typeUrl: `${prefix}.endpoint.v3.ClusterLoadAssignment`,
  label: "endpoints",
  complete: false,
  read: readAssignment,
};

/** LDS. A listener without HTTP is accepted, and undefined. */
export const listenerKind: ResourceKind<XdsListener | undefined> = {
  typeUrl: `${prefix}.listener.v3.Listener`,
  label: "listener",
  complete: true,
  read: readListener,
};

/** RDS. */
export const routeKind: ResourceKind<RouterConfig> = {
  typeUrl: `${prefix}.route.v3.RouteConfiguration`,
  label: "route configuration",
  complete: false,
  read: (bytes, context) => readRouter(bytes, context),
};
