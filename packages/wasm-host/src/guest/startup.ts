import { Body } from "../abi/body.ts";
import { GuestExit } from "../abi/ending.ts";
import type { GuestScope } from "../abi/guest-scope.ts";
import { GuestFailure } from "./failure.ts";
import type { GuestInstance } from "./instance.ts";
import type { Steps } from "./steps.ts";

/** Starts an instance (reference order: its own start functions, id, root context, configuration). @returns its id */
export function* startUp(scope: GuestScope, instance: GuestInstance): Steps<string> {
  yield* ownStart(scope, instance);
  const id = yield* identify(scope, instance);
  const { root, spec } = scope;
  scope.contexts.set(root.id, root);
  const create = instance.enter("proxy_on_context_create", root);
  if (create !== undefined) yield [create, root.id, 0];
  scope.startingVm = true;
  yield* agree("proxy_on_vm_start", spec.vmConfig.length, scope, instance);
  scope.startingVm = false;
  yield* agree("proxy_on_configure", spec.pluginConfig.length, scope, instance);
  return id;
}

function* ownStart(scope: GuestScope, instance: GuestInstance): Steps<void> {
  const initialize = instance.enter("_initialize", undefined);
  if (initialize === undefined) {
    yield* toItsEnd(instance.enter("_start", undefined), scope);
    return;
  }
  yield [initialize];
  yield* toItsEnd(instance.enter("main", undefined), scope);
}

/** Programs may end by exiting with 0: their exports go on to work. */
function* toItsEnd(fn: Function | undefined, scope: GuestScope): Steps<void> {
  if (fn === undefined) return;
  try {
    yield [fn, 0, 0];
  } catch (error) {
    if (!(error instanceof GuestExit) || error.code !== 0) throw error;
    scope.ended = undefined;
  }
}

function* identify(scope: GuestScope, instance: GuestInstance): Steps<string> {
  const getId = instance.enter("proxy_get_id", undefined);
  if (getId === undefined) return "";
  const said = new Body(new Uint8Array(0));
  scope.idBody = said;
  yield [getId];
  scope.idBody = undefined;
  return Buffer.from(said.bytes).toString("utf8");
}

function* agree(
  name: string,
  size: number,
  scope: GuestScope,
  instance: GuestInstance,
): Steps<void> {
  const fn = instance.enter(name, scope.root);
  if (fn === undefined || (yield [fn, scope.root.id, size]) !== 0) return;
  throw new GuestFailure({ kind: "start", message: `${name} refused: it returned false` });
}
