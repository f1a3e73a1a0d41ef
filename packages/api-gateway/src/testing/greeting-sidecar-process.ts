// A real sidecar of the kit as a process: tests give it a configuration with a TCP listener.
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { defineSidecar, implement, runSidecar } from "@layotto/sidecar-kit";
import { z } from "zod";

const greeting = defineSidecar({
  name: "greeting-sidecar",
  capability: "hello",
  version: "0.0.0",
  sections: [],
  config: z.object({}),
  methods: [],
  create: () => ({
    components: [],
    services: [implement(Runtime, { sayHello: ({ name }) => ({ hello: `hello, ${name}` }) })],
  }),
});

await runSidecar(greeting);
