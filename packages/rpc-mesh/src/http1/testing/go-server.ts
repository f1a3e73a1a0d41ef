import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, startServer, type TestServer } from "@layotto/sidecar-kit/testing";

/**
 * Go's own HTTP server: `/echo` gives back method, path, Host and body; `/stream` sends ten pieces with a trailer;
 * `/close` ends the connection with its answer; `/early` answers without reading; `/count` says how many other requests
 * there were.
 */
const source = `package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
)

var count atomic.Int64

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, count.Load()) })
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		w.Header().Set("Trailer", "X-Sum")
		for i := 0; i < 10; i++ {
			fmt.Fprintf(w, "piece %d;", i)
			w.(http.Flusher).Flush()
		}
		w.Header().Set("X-Sum", "10")
	})
	mux.HandleFunc("/close", func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		w.Header().Set("Connection", "close")
		fmt.Fprint(w, "bye")
	})
	mux.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		http.Error(w, "no", http.StatusRequestEntityTooLarge)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		fmt.Fprintf(w, "%s %s %s %s %q", r.Method, r.URL.RequestURI(), r.Host, r.Header.Get("X-Forwarded-For"), body)
		for name := range r.Trailer {
			fmt.Fprintf(w, " %s=%s", name, r.Trailer.Get(name))
		}
	})
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], mux); err != nil {
		panic(err)
	}
}
`;

/** Builds and starts it. Wants Go. */
export function startGoServer(dir: string): Promise<TestServer> {
  writeFileSync(join(dir, "main.go"), source);
  writeFileSync(join(dir, "go.mod"), "module server\n\ngo 1.21\n");
  const program = join(dir, "server");
  execFileSync(findProgram("go") ?? "go", ["build", "-o", program, "."], {
    cwd: dir,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" },
  });
  return startServer({ program, cwd: dir, args: (port) => [String(port)], startTimeoutMs: 20_000 });
}
