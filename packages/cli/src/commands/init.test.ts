import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { interpretConfig, layottoSections, parseConfig } from "@layotto/sidecar-kit/config";
import { isUsed } from "../values.ts";
import { starter } from "./init.ts";

describe("the starter configuration", () => {
  it("can be read and uses known sections only", async () => {
    const { sections, faults } = interpretConfig(
      "layotto.yaml",
      await parseConfig("layotto.yaml", starter),
      {},
    );
    assert.deepEqual(faults, []);
    const used = Object.keys(sections).filter((s) => isUsed(sections[s]));
    const capabilities = used.filter((s) => layottoSections.includes(s));
    assert.deepEqual(capabilities, ["hellos", "state", "lock", "sequencer", "pub_subs"]);
    assert.deepEqual(
      used.filter((s) => !capabilities.includes(s)),
      ["app", "gateway"],
    );
  });
});
