import assert from "node:assert/strict";
import { test } from "node:test";
import { bearsIdentity, namesOf } from "./identity.ts";

test("namesOf reads names of each kind, quoted ones too, and nothing out of a quoted value", () => {
  const names = namesOf(
    'DNS:Orders.example, IP Address:127.0.0.1, URI:spiffe://td/ns/a, URI:"http://x/, DNS:evil"',
  );
  assert.deepEqual(names, {
    dns: ["orders.example"],
    uri: ["spiffe://td/ns/a", "http://x/, DNS:evil"],
    ip: ["127.0.0.1"],
  });
  assert.deepEqual(namesOf(undefined), { dns: [], uri: [], ip: [] });
});

test("bearsIdentity takes exact names, one leading wildcard, and a certificate's wildcard for one label", () => {
  const names = namesOf("DNS:a.b.example, DNS:*.wild.example, URI:spiffe://td/ns/shop/sa/orders");
  const accepts = (identity: string) => bearsIdentity(names, [identity]);
  assert.equal(accepts("A.b.example"), true);
  assert.equal(accepts("*.example"), true);
  assert.equal(accepts("*a.b.example"), false, "the * stands for at least one character");
  assert.equal(accepts("x.wild.example"), true);
  assert.equal(accepts("x.y.wild.example"), false);
  assert.equal(accepts("spiffe://td/ns/shop/sa/orders"), true);
  assert.equal(accepts("*/sa/orders"), true);
  assert.equal(accepts("spiffe://td/ns/shop/sa/Orders"), false);
  assert.equal(accepts("b.example"), false);
  assert.equal(bearsIdentity(names, []), false);
  assert.equal(bearsIdentity(namesOf(undefined), ["*"]), true);
});
