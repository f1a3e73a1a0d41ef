import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildModule } from "./build.ts";
import { Example, skipWithoutToolchain } from "./testing/examples.ts";

const folder = mkdtempSync(join(tmpdir(), "layotto-c-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const skip = skipWithoutToolchain("c");
const get = [":method", "GET", ":path", "/"];

async function start(source: string): Promise<Example> {
  const [file, out] = [join(folder, "module.c"), join(folder, "module.wasm")];
  writeFileSync(file, source);
  await buildModule({ language: "c", source: file, out, scratch: folder });
  return Example.start(await WebAssembly.compile(readFileSync(out)), () => ({ status: 0 }));
}

test("the state of a filter begins as zeros and is its exchange's own", { skip }, async () => {
  const filter = await start(`
    #include "layotto.h"
    typedef struct { uint64_t calls; char padding[100]; } state;
    static lo_action on_headers(void *memory, uint32_t count, bool end) {
      state *mine = memory;
      for (int i = 0; i < 100; i++) if (mine->padding[i]) mine->calls = 99;
      lo_set_header(LO_REQUEST_HEADERS, LO("calls"), lo_decimal(++mine->calls));
      for (int i = 0; i < 100; i++) mine->padding[i] = mine->calls == 2;
      return LO_CONTINUE;
    }
    static lo_action on_response(void *memory, uint32_t count, bool end) {
      state *mine = memory;
      lo_set_header(LO_RESPONSE_HEADERS, LO("calls"), lo_decimal(++mine->calls));
      for (int i = 0; i < 100; i++) mine->padding[i] = 1;
      return LO_CONTINUE;
    }
    static const lo_filter filter = {
      .state_size = sizeof(state), .on_request_headers = on_headers, .on_response_headers = on_response,
    };
    LAYOTTO_FILTER("counting", filter)`);
  for (let i = 0; i < 3; i++) {
    const [request] = await filter.open("filter", get);
    assert.deepEqual(request?.headers?.slice(-2), ["calls", "1"]);
    const [response] = await filter.respond([":status", "200"]);
    assert.deepEqual(response?.headers?.slice(-2), ["calls", "2"]);
  }
});

test(
  "memory of all sizes is given back, what is kept stays until it is freed",
  { skip },
  async () => {
    const module = await start(`
    #include "layotto.h"
    static lo_bytes kept;
    static lo_response handle(const lo_request *request) {
      lo_bytes before = kept;
      kept = lo_keep(request->body);
      for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        char *memory = lo_alloc(size);
        if ((size_t)memory % 16) return lo_error(500, LO("not aligned"));
        for (size_t i = 0; i < size; i++) memory[i] = (char)0xaa;
      }
      lo_bytes answer = lo_join(before);
      lo_free(before);
      return lo_text(answer);
    }
    LAYOTTO_FUNCTION("keeping", handle)`);
    let before = "";
    for (let i = 0; i < 10_000; i++) {
      const body = `body ${i}`;
      assert.equal(await module.text("/", body), before);
      before = body;
    }
    assert.ok(module.guest.memoryBytes <= 512 * 1024, `${module.guest.memoryBytes} octets`);
  },
);

test("a module without memory left traps, and says where", { skip }, async () => {
  const module = await start(`
    #include "layotto.h"
    static lo_response handle(const lo_request *request) {
      for (;;) lo_alloc(10000000);
    }
    LAYOTTO_FUNCTION("greedy", handle)`);
  await assert.rejects(module.call("/"), /proxy_on_request_headers/u);
  assert.equal(module.guest.fault?.kind, "trap");
});
