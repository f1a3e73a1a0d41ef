import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findProgram, skipWithout, temporaryDirectory } from "@layotto/sidecar-kit/testing";
import { activate, FakeHost, hostModes, request, startGuest } from "./testing/fake-host.ts";

/** A function as somebody writes it in C without any library: asks for the state of what the body names. */
const source = `
typedef unsigned int u32;
#define EXPORT(name) __attribute__((export_name(#name))) name
#define IMPORT(name) __attribute__((import_module("env"), import_name(#name))) extern u32 name
IMPORT(proxy_get_buffer_bytes)(u32, u32, u32, char **, u32 *);
IMPORT(proxy_set_buffer_bytes)(u32, u32, u32, const char *, u32);
IMPORT(proxy_add_header_map_value)(u32, const char *, u32, const char *, u32);
IMPORT(proxy_get_state)(const char *, u32, const char *, u32, char **, u32 *);

static char heap[65536];
static u32 used;

void *EXPORT(malloc)(u32 size) { char *at = heap + used; used += (size + 7) & ~7u; return used > sizeof heap ? 0 : at; }
void EXPORT(proxy_abi_version_0_2_1)(void) {}
void EXPORT(proxy_get_id)(void) { proxy_set_buffer_bytes(8, 0, 0, "id_c", 4); }
void EXPORT(proxy_on_context_create)(u32 id, u32 parent) { used = 0; }

u32 EXPORT(proxy_on_request_body)(u32 id, u32 size, u32 end) {
  char *body, *value;
  u32 length, valueLength;
  if (proxy_get_buffer_bytes(0, 0, size, &body, &length) != 0) return 1;
  if (proxy_get_state("redis", 5, body, length, &value, &valueLength) != 0) return 1;
  proxy_add_header_map_value(2, "content-type", 12, "text/plain", 10);
  proxy_set_buffer_bytes(1, 0, 0, "There are ", 10);
  proxy_set_buffer_bytes(1, 10, 0, value, valueLength);
  return 0;
}
`;

for (const [mode, skip] of hostModes)
  test(
    `a guest in C answers with state, ${mode}`,
    { skip: skip || skipWithout("clang") || skipWithout("wasm-ld") },
    async (t) => {
      const { path: directory, remove } = temporaryDirectory();
      t.after(remove);
      writeFileSync(join(directory, "guest.c"), source);
      const args = [
        "--target=wasm32",
        "-nostdlib",
        "-Os",
        "-Wl,--no-entry",
        "-o",
        join(directory, "guest.wasm"),
        join(directory, "guest.c"),
      ];
      execFileSync(findProgram("clang") ?? "clang", args, { stdio: "pipe" });
      const host = new FakeHost(mode);
      host.answer = ({ op, args: [store, key] }) => ({
        value: Buffer.from(`${op} ${String(store)} ${String(key)}`),
      });
      const guest = await startGuest(
        new WebAssembly.Module(readFileSync(join(directory, "guest.wasm"))),
        host,
      );
      assert.equal(guest.id, "id_c");
      const [output] = await activate(
        guest,
        guest.open(1, request({ mode: "function", body: "book1" })),
      );
      assert.equal(
        Buffer.from(output?.answer?.body ?? []).toString(),
        "There are get_state redis book1",
      );
      assert.deepEqual(output?.answer?.headers, ["content-type", "text/plain"]);
    },
  );
