import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import {
  ClusterSchema,
  Cluster_DiscoveryType as Discovery,
} from "@layotto/proto/envoy/config/cluster/v3/cluster";
import {
  ClusterLoadAssignmentSchema,
  type LbEndpointSchema,
} from "@layotto/proto/envoy/config/endpoint/v3/endpoint";
import { ListenerSchema } from "@layotto/proto/envoy/config/listener/v3/listener";
import { RouteConfigurationSchema } from "@layotto/proto/envoy/config/route/v3/route";
import { HttpConnectionManagerSchema } from "@layotto/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager";

/** A cluster; EDS unless it says otherwise. */
export function cluster(name: string, init: MessageInitShape<typeof ClusterSchema> = {}): Any {
  const clusterDiscoveryType = { case: "type", value: Discovery.EDS } as const;
  return anyPack(ClusterSchema, create(ClusterSchema, { name, clusterDiscoveryType, ...init }));
}

/** An endpoint as EDS writes it. */
export function endpoint(
  address: string,
  port: number,
  init: MessageInitShape<typeof LbEndpointSchema> = {},
): MessageInitShape<typeof LbEndpointSchema> {
  const portSpecifier = { case: "portValue", value: port } as const;
  const socket = { case: "socketAddress", value: { address, portSpecifier } } as const;
  const value = { address: { address: socket } };
  return { hostIdentifier: { case: "endpoint", value }, ...init };
}

/** The hosts of a service, in one locality. */
export function assignment(
  clusterName: string,
  lbEndpoints: readonly MessageInitShape<typeof LbEndpointSchema>[],
): Any {
  return assignmentOf(clusterName, [{ lbEndpoints: [...lbEndpoints] }]);
}

/** The hosts of a service, in localities. */
export function assignmentOf(
  clusterName: string,
  endpoints: NonNullable<MessageInitShape<typeof ClusterLoadAssignmentSchema>["endpoints"]>,
): Any {
  const message = create(ClusterLoadAssignmentSchema, { clusterName, endpoints });
  return anyPack(ClusterLoadAssignmentSchema, message);
}

/** As many hosts as asked for; `seed` makes others of them. */
export function manyEndpoints(
  count: number,
  seed = 0,
): MessageInitShape<typeof LbEndpointSchema>[] {
  return Array.from({ length: count }, (_, i) => {
    const at = i + seed;
    const address = `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;
    const filterMetadata = { "envoy.lb": { version: `v${i % 3}`, canary: i % 10 === 0 } };
    return endpoint(address, 8080, {
      loadBalancingWeight: (i % 5) + 1,
      metadata: { filterMetadata },
    });
  });
}

/** Routes that send everything to one cluster. */
export function routesTo(name: string, clusterName: string): Any {
  const action = { case: "route", value: { clusterSpecifier: { case: "cluster", value: clusterName } } } as const; // prettier-ignore
  const match = { pathSpecifier: { case: "prefix", value: "/" } } as const;
  const virtualHosts = [{ name: "all", domains: ["*"], routes: [{ name: "only", match, action }] }];
  return routes({ name, virtualHosts });
}

/** A route configuration. */
export function routes(init: MessageInitShape<typeof RouteConfigurationSchema>): Any {
  return anyPack(RouteConfigurationSchema, create(RouteConfigurationSchema, init));
}

/** A listener whose routes come by RDS. */
export function listenerFor(name: string, routeConfigName: string): Any {
  return listener(name, { routeSpecifier: { case: "rds", value: { routeConfigName } } });
}

/** A listener on 127.0.0.1 with one filter chain. */
export function listener(
  name: string,
  manager: MessageInitShape<typeof HttpConnectionManagerSchema>,
  init: Partial<MessageInitShape<typeof ListenerSchema>> = {},
): Any {
  const any = anyPack(HttpConnectionManagerSchema, create(HttpConnectionManagerSchema, manager));
  const filters = [{ name: "http", configType: { case: "typedConfig", value: any } as const }];
  const portSpecifier = { case: "portValue", value: 15_001 } as const;
  const socket = { case: "socketAddress", value: { address: "127.0.0.1", portSpecifier } } as const;
  const address = { address: socket };
  const whole = { name, address, filterChains: [{ filters }] };
  const fields = { ...whole, ...init } as MessageInitShape<typeof ListenerSchema>; // spread loses the kind
  return anyPack(ListenerSchema, create(ListenerSchema, fields));
}

/** A resource whose bytes are no message. */
export function garbage(typeUrl: string): Any {
  return {
    ...anyPack(ClusterSchema, create(ClusterSchema)),
    typeUrl,
    value: new Uint8Array([255]),
  };
}
