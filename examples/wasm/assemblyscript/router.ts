// A hook of the mesh's step `route`: who sends "x-canary: true" gets the cluster of the configuration.
import {
  Action,
  Config,
  Filter,
  filter,
  onConfigure,
  requestHeaders,
  setProperty,
} from "layotto-guest";

export * from "layotto-guest/exports/filter";

let cluster = "canary";

onConfigure((config: Config): bool => {
  const value = config.get("cluster");
  if (value !== null) cluster = value;
  return true;
});

class Router extends Filter {
  onRequestHeaders(_count: u32, _end: bool): Action {
    const canary = requestHeaders.get("x-canary");
    if (canary !== null && canary === "true") setProperty("layotto.cluster", cluster);
    return Action.Continue;
  }
}

filter("router", (): Filter => new Router());
