import { TrafficDirection, type Address } from "@layotto/proto/envoy/config/core/v3/core";
import {
  type Filter,
  type FilterChain,
  type Listener,
  ListenerSchema,
} from "@layotto/proto/envoy/config/listener/v3/listener";
import {
  type HttpConnectionManager,
  HttpConnectionManager_CodecType as Codec,
  HttpConnectionManagerSchema,
} from "@layotto/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager";
import { HTTPFaultSchema } from "@layotto/proto/envoy/extensions/filters/http/fault/v3/fault";
import type { Any } from "@bufbuild/protobuf/wkt";
import { defaultListenerLimits } from "../../config/defaults.ts";
import type { ListenerConfig } from "../../model/listener.ts";
import type { RouterConfig } from "../../model/route.ts";
import { type ReadContext, ResourceFault } from "../resource.ts";
import { splitMessage } from "../split-message.ts";
import { hostAndPort } from "./endpoint.ts";
import { decode, typeOf } from "./extension.ts";
import { readFault } from "./fault.ts";
import { readRouter } from "./route.ts";
import { readServerTls } from "./tls.ts";
import { millis } from "./values.ts";

/** Routes that set no timeout have this one there. */
const defaultTimeoutMs = 15_000;
const routeConfigField = 4;
/** Ends every chain; it is what the mesh does anyway. */
const routerFilter = "envoy.extensions.filters.http.router.v3.Router";

/** A listener, and where its routes are. */
export interface XdsListener {
  readonly config: ListenerConfig;
  /** Its own routes; undefined: those of the route configuration named in `config.router`. */
  readonly inline: RouterConfig | undefined;
}

/** Reads a `Listener`; undefined, with a warning: it has no HTTP. @throws ResourceFault */
export async function readListener(
  bytes: Uint8Array,
  context: ReadContext,
): Promise<XdsListener | undefined> {
  const listener = decode(ListenerSchema, bytes);
  const found = findManager(listener, context);
  if (found === undefined) {
    context.warn("it is left out: it has no HttpConnectionManager");
    return undefined;
  }
  const { manager, chain } = found;
  const { parts, rest } = splitMessage(manager.value, routeConfigField);
  const settings = decode(HttpConnectionManagerSchema, rest);
  const own = parts.at(-1);
  const inline = own === undefined ? undefined : await readRouter(own, context, listener.name);
  const router = inline?.name ?? routeNameOf(settings);
  return { config: configOf(listener, chain, settings, router, context), inline };
}

function configOf(
  listener: Listener,
  chain: FilterChain | undefined,
  settings: HttpConnectionManager,
  router: string,
  context: ReadContext,
): ListenerConfig {
  const idleTimeoutMs = millis(settings.commonHttpProtocolOptions?.idleTimeout);
  return {
    name: listener.name,
    type: listener.trafficDirection === TrafficDirection.INBOUND ? "ingress" : "egress",
    address: addressOf(listener.address),
    protocol: protocolOf(settings),
    router,
    tls: readServerTls(chain?.transportSocket),
    limits: { ...defaultListenerLimits, ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }) },
    fault: faultOf(settings, context),
    timeoutMs: defaultTimeoutMs,
  };
}

function findManager(listener: Listener, { warn }: ReadContext) {
  const api = listener.apiListener?.apiListener;
  if (api !== undefined) return isManager(api) ? { manager: api, chain: undefined } : undefined;
  const last = listener.defaultFilterChain;
  const chains = [...listener.filterChains, ...(last === undefined ? [] : [last])];
  const found = chains.flatMap((chain) => {
    const manager = chain.filters.map(({ configType }) => configType.value).find(isManager);
    return manager === undefined ? [] : [{ manager, chain }];
  });
  if (found.length > 1) warn("only the first filter chain with HTTP is used");
  const [first] = found;
  if (first !== undefined) warnOfOthers(first.chain.filters, warn);
  return first;
}

function isManager(any: Any | undefined): any is Any {
  return any !== undefined && typeOf(any) === HttpConnectionManagerSchema.typeName;
}

function warnOfOthers(filters: readonly Filter[], warn: ReadContext["warn"]): void {
  for (const { name, configType } of filters) {
    if (!isManager(configType.value)) warn(`network filter "${name}" is left out`);
  }
}

function routeNameOf({ routeSpecifier: routes }: HttpConnectionManager): string {
  if (routes.case === "rds" && routes.value.routeConfigName !== "") {
    const from = routes.value.configSource?.configSourceSpecifier.case;
    if (from !== "path") return routes.value.routeConfigName;
  }
  throw new ResourceFault("routes must be given by rds over ads, or by route_config");
}

function protocolOf({ codecType }: HttpConnectionManager): ListenerConfig["protocol"] {
  if (codecType === Codec.HTTP3) throw new ResourceFault("HTTP/3 is not supported");
  if (codecType === Codec.HTTP1) return "http1";
  return codecType === Codec.HTTP2 ? "http2" : "auto";
}

function addressOf(address: Address | undefined): string | undefined {
  const { case: kind, value } = address?.address ?? { case: undefined };
  if (kind === "pipe") return `unix:${value.path}`;
  if (kind !== "socketAddress") return undefined;
  const { case: portKind, value: port } = value.portSpecifier;
  return hostAndPort(value.address, portKind === "portValue" ? port : 0);
}

function faultOf({ httpFilters }: HttpConnectionManager, context: ReadContext) {
  let fault: ListenerConfig["fault"];
  for (const { name, configType, disabled } of httpFilters) {
    const type = configType.value === undefined ? "" : typeOf(configType.value);
    if (disabled || type === routerFilter) continue;
    if (configType.value !== undefined && type === HTTPFaultSchema.typeName) {
      fault = readFault(configType.value, context);
    } else context.warn(`HTTP filter "${name}" is left out`);
  }
  return fault;
}
