import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { publishRequest } from "../../testing/requests.ts";
import { Backlog } from "./backlog.ts";
import { Member } from "./member.ts";
import { Message } from "./message.ts";
import { recordOf } from "./records.ts";

const OWNER = { acked() {}, released() {} };

describe("Backlog", () => {
  it("reads on where the group was left: first what was open", () => {
    const { backlog, give } = backlogOf({ 2: "", 4: "", 5: "", 6: "" });
    backlog.start({ next: 5, open: [2, 4] });
    backlog.appended(7);
    const member = memberOf(10);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => give(member)?.seq),
      [2, 4, 5, 6],
    );
    assert.equal(give(member), undefined);
    assert.deepEqual([backlog.next, [...backlog.open.keys()]], [7, [2, 4, 5, 6]]);
  });

  it("a key is with one member, and waits when that one has no room", () => {
    const { backlog, give } = backlogOf({ 1: "red", 2: "red", 3: "blue" });
    backlog.start({ next: 1, open: [] });
    backlog.appended(4);
    const [a, b] = [memberOf(1), memberOf(1)];
    const red = give(a);
    assert.deepEqual([red?.seq, give(b)?.seq, give(b)], [1, 3, undefined]);
    if (red !== undefined) backlog.acked(red);
    backlog.changed();
    assert.equal(give(a)?.seq, 2);
  });

  it("a message that comes back goes before later ones of its key, once those have come back", () => {
    const { backlog, give } = backlogOf({ 1: "red", 2: "red", 3: "red" });
    backlog.start({ next: 1, open: [] });
    backlog.appended(4);
    const member = memberOf(2);
    const [first, second] = [give(member), give(member)];
    assert.ok(first !== undefined && second !== undefined);
    backlog.cameBack(first);
    backlog.changed();
    assert.equal(give(member), undefined);
    backlog.cameBack(second);
    backlog.changed();
    const again = [give(member), give(member)];
    assert.deepEqual(
      again.map((message) => [message?.seq, message?.redelivered]),
      [
        [1, 1],
        [2, 1],
      ],
    );
    assert.equal(backlog.acked(first), false);
  });

  it("leaves out what has been removed, at once and as a whole", () => {
    const { backlog, give } = backlogOf({ 900: "" }, 900);
    backlog.start({ next: 3, open: [1] });
    backlog.appended(901);
    assert.equal(give(memberOf(1))?.seq, 900);
    assert.deepEqual([backlog.next, [...backlog.open.keys()]], [901, [900]]);
  });

  for (const [what, key] of [
    ["with a key", "red"],
    ["without a key", ""],
  ] as const) {
    it(`a message ${what} that cannot be read now has its turn later`, () => {
      const { backlog, give, fail } = backlogOf({ 1: key });
      backlog.start({ next: 1, open: [] });
      backlog.appended(2);
      const member = memberOf(2);
      fail(true);
      assert.throws(() => give(member), /disk/);
      fail(false);
      const message = give(member);
      assert.equal(message?.seq, 1);
      backlog.cameBack(message);
      backlog.changed();
      fail(true);
      assert.throws(() => give(member), /disk/);
      fail(false);
      assert.equal(give(member)?.seq, 1);
    });
  }
});

/** A backlog of messages with these keys, and what hands the next one to a member. */
function backlogOf(keys: Record<number, string>, oldest = 0) {
  let fails = false;
  const backlog = new Backlog({
    read: (seq) => {
      if (fails) throw new Error("disk");
      const key = keys[seq];
      if (key === undefined) return undefined;
      return recordOf(publishRequest("t", "", { key: key === "" ? undefined : key }));
    },
    missing: (seq) => (seq < oldest ? oldest : undefined),
  });
  const give = (member: Member | undefined): Message | undefined => {
    for (;;) {
      const turn = backlog.take(member?.isFree === true ? member : undefined);
      if (turn === "again") continue;
      if (turn === undefined) return undefined;
      const message = new Message(turn.message, turn.record, turn.taker, OWNER);
      backlog.gave(message);
      return message;
    }
  };
  return { backlog, give, fail: (now: boolean) => (fails = now) };
}

function memberOf(prefetch: number): Member {
  const receiver = { deliver() {}, revoke() {} };
  const group = { changed() {}, lag: () => 0, leave: () => Promise.resolve() };
  return new Member(receiver, prefetch, group);
}
