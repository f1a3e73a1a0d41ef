import {
  type DynamicConfiguration,
  Lifecycle,
} from "@layotto/proto/spec/proto/runtime/v1/lifecycle";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  type ComponentSet,
  type ServiceImplementation,
  implement,
  mapMaybe,
} from "@layotto/sidecar-kit";
import type { Greeter } from "./component.ts";
import { errors } from "./errors.ts";

/** The gRPC side: requests in, greeters asked, responses out. */
export function helloServices(greeters: ComponentSet<Greeter>): ServiceImplementation[] {
  const runtime = implement(
    Runtime,
    {
      sayHello({ serviceName, name, data }) {
        const greeting = greeters.get(serviceName).greet(name);
        return mapMaybe(greeting, (hello) => ({ hello, data }));
      },
    },
    { selector: { field: "service_name", values: () => greeters.names() } },
  );
  const lifecycle = implement(
    Lifecycle,
    {
      applyConfiguration(request) {
        const { greeter, metadata } = checkChange(greeters, request);
        greeter.reconfigure(metadata);
        return {};
      },
    },
    { selector: { field: "component_config.kind", values: () => ["hellos"] } },
  );
  return [runtime, lifecycle];
}

/** @throws RpcError FIELD_MISSING or COMPONENT_NOT_FOUND, checked in Layotto's order */
function checkChange(
  greeters: ComponentSet<Greeter>,
  { componentConfig }: DynamicConfiguration,
): { greeter: Required<Pick<Greeter, "reconfigure">>; metadata: Record<string, string> } {
  const { kind = "", name = "", metadata = {} } = componentConfig ?? {};
  if (kind === "") throw errors.FIELD_MISSING("kind");
  if (name === "") throw errors.FIELD_MISSING("name");
  if (Object.keys(metadata).length === 0) throw errors.FIELD_MISSING("metadata");
  if (kind !== "hellos" || !greeters.has(name)) throw errors.COMPONENT_NOT_FOUND(kind, name);
  const greeter = greeters.get(name);
  if (!isDynamic(greeter)) throw errors.COMPONENT_NOT_FOUND(kind, name);
  return { greeter, metadata };
}

function isDynamic(greeter: Greeter): greeter is Greeter & Required<Pick<Greeter, "reconfigure">> {
  return greeter.reconfigure !== undefined;
}
