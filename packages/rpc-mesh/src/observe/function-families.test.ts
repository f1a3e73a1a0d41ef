import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { meshClock } from "../clock.ts";
import { ExtensionClient } from "../extension/extension-client.ts";
import { ListenerFunctions } from "../extension/listener-functions.ts";
import { listenerOf } from "../testing/listener.ts";
import { FamilyBook } from "./family-book.ts";
import { addFunctions } from "./function-families.ts";

test("addFunctions counts phases, answers, failures and ignored hosts per function", async (t) => {
  const config = { function: "f", timeoutMs: 1, onFailure: "open" } as const;
  const hooks = [{ ...config, step: "host" } as const];
  const listener = listenerOf({ filters: [{ ...config, body: false }], hooks });
  const client = ExtensionClient.in("/nowhere");
  t.after(() => client.close());
  const { all } = new ListenerFunctions(listener, { client, clock: meshClock, logger: silentLogger });
  all[0]?.failed("no");
  all[0]?.counters.latency.observe(3);
  for (const { counters } of all) counters.answered++;
  const book = new FamilyBook();
  addFunctions(book, all);
  const lines = book.families().flatMap(({ name, kind, samples }) =>
    kind === "counter" ? samples.map(({ labels, value }) => `${name} ${Object.values(labels).join(" ")} ${value}`) : [],
  );
  assert.deepEqual(lines, [
    "layotto_mesh_function_phases_total in filter f 0 1",
    "layotto_mesh_function_phases_total in host f 1 0",
    "layotto_mesh_function_answered_total in filter f 0 1",
    "layotto_mesh_function_answered_total in host f 1 1",
    "layotto_mesh_function_failed_total in filter f 0 1",
    "layotto_mesh_function_failed_total in host f 1 0",
    "layotto_mesh_function_skipped_total in filter f 0 0",
    "layotto_mesh_function_skipped_total in host f 1 0",
    "layotto_mesh_function_ignored_hosts_total in host f 1 0",
  ]);
}); // prettier-ignore
