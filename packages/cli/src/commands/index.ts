import type { CommandSpec, OptionSpec } from "../args/option-spec.ts";
import { unsupportedFlags } from "./layotto-flags.ts";
import { configOption, jsonOption, runDirOption } from "./locate.ts";

const graceOption: OptionSpec = {
  name: "grace",
  value: "MS",
  help: "how long running calls may take when stopping (default 10000)",
};

/** All sub-commands, in the order of the help. Their code is loaded only when they run. */
export const commands: readonly CommandSpec[] = [
  {
    name: "start",
    operands: "",
    arity: [0, 0],
    summary: "start the gateway and the sidecars that the configuration uses",
    options: [
      configOption,
      {
        name: "log-level",
        short: "l",
        value: "LEVEL",
        help: "trace, debug, info, warning, error, critical or off (env LOG_LEVEL)",
      },
      graceOption,
      runDirOption,
      { name: "data-dir", value: "DIR", help: "folder of embedded data (default .layotto/data)" },
      jsonOption,
      ...unsupportedFlags,
    ],
    details:
      "Runs until SIGINT, SIGTERM, SIGHUP or `layotto stop`: the gateway stops accepting and drains, then the\n" +
      "sidecars. A second signal stops at once.",
    run: async (args) => (await import("./start.ts")).run(args),
  },
  {
    name: "status",
    operands: "",
    arity: [0, 0],
    summary: "show the processes: state, memory, calls, errors, last failure",
    options: [configOption, runDirOption, jsonOption],
    run: async (args) => (await import("./status.ts")).run(args),
  },
  {
    name: "stop",
    operands: "",
    arity: [0, 0],
    summary: "stop everything in order and wait for it",
    options: [configOption, runDirOption, graceOption, jsonOption],
    run: async (args) => (await import("./stop.ts")).run(args),
  },
  {
    name: "upgrade",
    operands: "[process]",
    arity: [0, 1],
    summary: "replace a process, or all, by a new generation without losing a call",
    options: [
      configOption,
      runDirOption,
      {
        name: "bin",
        value: "PATH",
        help: "file to run instead of the installed one (env LAYOTTO_UPGRADE_BIN)",
      },
      { name: "discard-memory", help: "agree that in-memory components lose their data" },
      jsonOption,
    ],
    details:
      "The configuration is read again and the new generation is started beside the old one. When it is ready the\n" +
      "old one drains; when it does not become ready it is discarded and the old one stays. A process that failed is\n" +
      "simply started again.",
    run: async (args) => (await import("./upgrade.ts")).run(args),
  },
  {
    name: "validate",
    operands: "",
    arity: [0, 0],
    summary: "check a configuration and start nothing",
    options: [configOption, jsonOption],
    run: async (args) => (await import("./validate.ts")).run(args),
  },
  {
    name: "call",
    operands: "[Service/Method [JSON]]",
    arity: [0, 2],
    summary: "call a method through the gateway, JSON in and out",
    options: [
      {
        name: "address",
        value: "ADDR",
        help: "host:port or unix:/path (default: the running supervisor's, else 127.0.0.1:34904)",
      },
      {
        name: "header",
        short: "H",
        value: "'NAME: VALUE'",
        multiple: true,
        help: "request metadata; the value of a name ending in -bin is base64",
      },
      {
        name: "timeout",
        value: "MS",
        help: "deadline of the call (default 10000, none for streams of replies)",
      },
      { name: "list", help: "list the services and methods that can be called" },
      configOption,
      runDirOption,
    ],
    details:
      "JSON is the protobuf mapping: bytes are base64, 64-bit numbers strings. Without JSON an empty message is sent;\n" +
      "- reads it from stdin, and so does a method that takes a stream. Streams are JSON lines both ways. The status\n" +
      "goes to stderr; one other than OK exits with 1.",
    run: async (args) => (await import("./call.ts")).run(args),
  },
  {
    name: "topics",
    operands: "[list | peek PUBSUB TOPIC | redrive PUBSUB TOPIC]",
    arity: [0, 3],
    summary: "show topics and subscriptions, look at dead letters, publish them again",
    options: [
      {
        name: "limit",
        value: "N",
        help: "most messages to show (default 10) or to publish again (default all)",
      },
      {
        name: "wait",
        value: "MS",
        help: "how long to wait for the first message (default 5000)",
      },
      configOption,
      runDirOption,
      jsonOption,
    ],
    details:
      "TOPIC of peek and redrive is a dead-letter topic. peek leaves its messages there; redrive publishes each where\n" +
      "it came from and then takes it out. What is no dead letter of this runtime is skipped and stays.",
    run: async (args) => (await import("./topics.ts")).run(args),
  },
  {
    name: "mesh",
    operands: "[clusters | routes | hosts | listeners] [NAME]",
    arity: [0, 2],
    summary: "show routes, clusters and hosts of the mesh, and why a host is out",
    options: [
      { name: "watch", help: "show it again every second until Ctrl-C" },
      configOption,
      runDirOption,
      jsonOption,
    ],
    details:
      "Without a word: everything, but of the hosts only those that are out. NAME is that of a cluster, a listener, a\n" +
      "router, a route or where it leads; for hosts a cluster or an address. FAILED counts answers of the mesh's own by\n" +
      "flag, such as UH: no healthy host, DT: timeout, UF: no connection.",
    run: async (args) => (await import("./mesh.ts")).run(args),
  },
  {
    name: "traffic",
    operands: "FILE...",
    arity: [1, 1000],
    summary: "print what a traffic dump holds, or make its calls again",
    options: [
      { name: "print", help: "print connections and calls; the default without --replay" },
      { name: "frames", help: "print every HTTP/2 frame as well" },
      {
        name: "replay",
        value: "ADDR",
        help: "make the calls again, to host:port or unix:/path, and print how they end",
      },
      {
        name: "speed",
        value: "N",
        help: "replay N times as fast as recorded (default 1), or max: without pauses",
      },
      { name: "port", value: "N", help: "only connections of the listener on this port, or unix" },
      jsonOption,
    ],
    details:
      "FILE is dump_tcp_copy.log of `gateway.tcpcopy`; name files that were set aside first: dump.log.1 dump.log.\n" +
      "A replay really makes the calls, writes included. Each recorded connection gets one of its own; calls that the\n" +
      "recording holds only a part of, and connections that begin in their middle, are left out with a note.",
    run: async (args) => (await import("./traffic.ts")).run(args),
  },
  {
    name: "init",
    operands: "[FILE]",
    arity: [0, 1],
    summary: "write a commented starter configuration, layotto.yaml",
    options: [],
    run: async (args) => (await import("./init.ts")).run(args),
  },
];
