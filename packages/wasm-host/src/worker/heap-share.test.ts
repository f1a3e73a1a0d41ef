import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultKind } from "../model/fault.ts";
import { HeapShare, type Kin, mostKept, share, slack } from "./heap-share.ts";

const mebibyte = 1024 * 1024;

/** A heap with guests that keep so much, MiB each, and garbage. */
class World {
  garbage = 0;
  collections = 0;
  /** V8 shows its collector. */
  collects = true;
  readonly told: [guests: readonly number[], fault: FaultKind | undefined][] = [];
  readonly share = new HeapShare(
    {
      used: () => this.kept() + this.garbage,
      collect: () => {
        this.collections++;
        if (this.collects) this.garbage = 0;
        return this.collects;
      },
    },
    (guests, fault) => this.told.push([guests, fault?.kind]),
  );
  readonly keeps = new Map<number, number>();

  kin(guest: number): Kin {
    return { drop: () => (this.keeps.delete(guest) ? [guest] : []) };
  }

  /** Guest `own` runs, and keeps so much then. */
  run(own: number, mib: number, ...others: number[]): boolean {
    this.share.begin();
    this.keeps.set(own, mib * mebibyte);
    return this.share.fits(this.kin(own), () => others.map((guest) => this.kin(guest)));
  }

  kept(): number {
    return [...this.keeps.values()].reduce((sum, each) => sum + each, 0);
  }
}

describe("HeapShare", () => {
  it("does not collect what little there is", () => {
    const world = new World();
    assert.ok(world.run(1, mostKept / mebibyte - 1));
    assert.equal(world.collections, 0);
  });

  it("drops nobody where collecting was enough", () => {
    const world = new World();
    world.garbage = mostKept;
    assert.ok(world.run(1, 20, 2));
    assert.equal(world.collections, 1);
    assert.deepEqual(world.told, []);
  });

  it("drops who has taken it just now, and nobody else", () => {
    const world = new World();
    world.run(2, 5);
    assert.ok(world.run(1, 50, 2));
    assert.deepEqual(world.told, [[[1], "trap"]]);
  });

  it("drops those that rest when who runs has taken little, and blames who kept much", () => {
    const world = new World();
    world.run(2, 1);
    world.run(3, 44);
    world.run(4, 2);
    assert.ok(world.run(1, 3, 2, 3, 4));
    assert.deepEqual(world.told, [
      [[2], undefined],
      [[3], "trap"],
    ]);
    assert.deepEqual([...world.keeps.keys()], [4, 1]);
  });

  it("blames who grew in small steps", () => {
    const world = new World();
    const step = share / mebibyte - 2;
    for (let kept = step; kept <= 40; kept += step) assert.ok(world.run(1, kept, 2));
    assert.ok(world.run(1, 50, 2));
    assert.deepEqual(world.told.at(-1), [[1], "trap"]);
  });

  it("says that it does not fit when who keeps it cannot be dropped", () => {
    const world = new World();
    world.keeps.set(9, 60 * mebibyte);
    assert.equal(world.run(1, 1, 2), false);
  });

  it("does not collect again for a little garbage when what rests is near the most", () => {
    const world = new World();
    world.run(2, mostKept / mebibyte - 2);
    const [rounds, litter] = [64, 3];
    for (let round = 0; round < rounds; round++) {
      world.garbage += litter * mebibyte;
      assert.ok(world.run(1, 1, 2));
    }
    assert.ok(world.collections >= 2);
    assert.ok(world.collections <= 1 + (rounds * litter * mebibyte) / slack, `${world.collections} collections`); // prettier-ignore
    assert.deepEqual(world.told, []);
  });

  it("keeps all within the most and the slack, however they grow", () => {
    const world = new World();
    for (let round = 0; round < 200; round++) {
      const guest = round % 7;
      const grown = (world.keeps.get(guest) ?? 0) / mebibyte + 1 + (round % 5);
      world.garbage += (round % 4) * mebibyte;
      assert.ok(world.run(guest, grown, ...[0, 1, 2, 3, 4, 5, 6].filter((each) => each !== guest)));
      assert.ok(world.kept() <= mostKept + slack, `${world.kept() / mebibyte} MiB`);
    }
    assert.ok(world.told.length > 0);
  });

  it("drops and blames nobody when it cannot tell garbage from what is kept", () => {
    const world = new World();
    world.run(2, 20);
    world.collects = false;
    world.garbage = 100 * mebibyte;
    assert.ok(world.run(1, 20, 2));
    assert.deepEqual(world.told, []);
    world.collects = true;
    assert.ok(world.run(1, 30, 2));
    assert.deepEqual(world.told, [[[2], "trap"]]);
  });
});
