import type { Random } from "../clock.ts";
import type { RequestView } from "../call/request.ts";
import { matchRoute } from "./match-route.ts";
import { pathOnly } from "./request-fields.ts";
import { type RouteKey, keysOf } from "./route-key.ts";
import type { Route } from "./route.ts";

/** Fewer routes in a row than this are quicker to try one by one. */
const minIndexed = 4;

/** Neighbouring routes that all want some value of the same field, found by that value; their order is kept. */
interface Run {
  readonly key: RouteKey;
  readonly routes: ReadonlyMap<string, readonly Route[]>;
}

/**
 * The routes of a virtual host: the first that matches wins.
 *
 * A long table is no slow one: routes that stand together and differ in an exact header (such as `service`), an exact
 * path or the first segment of the path are found by a look-up, whatever their number.
 */
export class RouteTable {
  readonly #steps: readonly (Route | Run)[];

  constructor(routes: readonly Route[]) {
    this.#steps = stepsOf(routes);
  }

  /** Steps that a request goes through at most: for tests. */
  get length(): number {
    return this.#steps.length;
  }

  find(request: RequestView, random: Random): Route | undefined {
    const path = pathOnly(request.path);
    for (const step of this.#steps) {
      if (!("routes" in step)) {
        if (matchRoute(step.config.match, request, path, random)) return step;
        continue;
      }
      const value = step.key.of(request, path);
      const candidates = value === undefined ? undefined : step.routes.get(value);
      if (candidates === undefined) continue;
      for (const route of candidates) {
        if (matchRoute(route.config.match, request, path, random)) return route;
      }
    }
    return undefined;
  }
}

function stepsOf(routes: readonly Route[]): (Route | Run)[] {
  const keys = routes.map((route) => keysOf(route.config.match));
  const steps: (Route | Run)[] = [];
  for (let i = 0; i < routes.length;) {
    const { name, end } = longestRun(keys, i);
    const route = routes[i];
    if (name === undefined || end - i < minIndexed) {
      if (route !== undefined) steps.push(route);
      i += 1;
      continue;
    }
    steps.push(runOf(name, routes, keys, i, end));
    i = end;
  }
  return steps;
}

type Keys = readonly ReadonlyMap<string, RouteKey>[];

/** The field that most of the routes from `start` on have in a row, and where that ends. */
function longestRun(keys: Keys, start: number): { name: string | undefined; end: number } {
  let best: { name: string | undefined; end: number } = { name: undefined, end: start };
  for (const name of keys[start]?.keys() ?? []) {
    let end = start + 1;
    while (keys[end]?.has(name)) end += 1;
    if (end > best.end) best = { name, end };
  }
  return best;
}

function runOf(
  name: string,
  routes: readonly Route[],
  keys: Keys,
  start: number,
  end: number,
): Run {
  const found = new Map<string, Route[]>();
  let first: RouteKey | undefined;
  for (let i = start; i < end; i += 1) {
    const key = keys[i]?.get(name);
    const route = routes[i];
    if (key === undefined || route === undefined) continue;
    first ??= key;
    const list = found.get(key.value);
    if (list === undefined) found.set(key.value, [route]);
    else list.push(route);
  }
  return { key: first ?? noKey, routes: found };
}

const noKey: RouteKey = { value: "", of: () => undefined };
