/** What `layotto wasm --help` prints. */
export const help = `layotto wasm: write, look at and try modules of WebAssembly

Usage: layotto wasm <command> [flags]

Commands:
  inspect FILE   what a module imports and exports, its interface and memory, and which grants it needs
  run FILE       call a module once, as wasm-host does, and print its answer
  new NAME       write a project for a function into the folder NAME

Flags of inspect:
  --json                  print JSON, for scripts

Flags of run:
  --request METHOD PATH   the request (default GET /, with a body POST /); without a body its query string is the body
  --header K:V            header of the request; may be repeated
  --body TEXT|@FILE       body of the request
  --config K=V            what proxy_on_configure reads; may be repeated
  --env K=V               variable that WASI shows; may be repeated
  --allow KEY=NAME        grant, KEY as under \`capabilities\`: read=orders; NAME * is all; may be repeated
  --gateway ADDR          where host calls of the Runtime API go (default 127.0.0.1:34904)
  --mem MIB               memory that it may use (default 64)
  --cpu MS                time on a processor that the call may use (default 1000)
  --timeout MS            time that the call may take (default 10000)
  --fuel N                instructions that the call may execute (default: not counted)

Flags of new:
  --lang LANGUAGE         assemblyscript, rust, c or go

run prints status, headers and body on stdout; logs and figures on stderr.
Exit codes: 0 done, 1 the module would be refused or the call failed, 2 wrong command line, 69 something is not there
`;
