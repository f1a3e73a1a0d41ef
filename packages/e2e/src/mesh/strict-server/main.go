// An HTTP server as Go programs have it: net/http, which answers 400 to whatever is not by the book. It listens on a free port
// of 127.0.0.1, prints it, and ends when its input ends.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
)

var connections atomic.Int64

// What came in, for the test to look at.
type seen struct {
	Method           string
	URI              string
	Host             string
	Proto            string
	Header           http.Header
	TransferEncoding []string
	ContentLength    int64
	Octets           int
	Sha256           string
	Connections      int64
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Add("X-Twice", "one")
	w.Header().Add("X-Twice", "two")
	_ = json.NewEncoder(w).Encode(seen{
		r.Method, r.RequestURI, r.Host, r.Proto, r.Header, r.TransferEncoding, r.ContentLength,
		len(body), hex.EncodeToString(sum[:]), connections.Load(),
	})
}

// Sends n octets, in one piece with its length or in chunks.
func octets(w http.ResponseWriter, r *http.Request) {
	left, _ := strconv.Atoi(r.URL.Query().Get("n"))
	chunked := r.URL.Query().Has("chunked")
	w.Header().Set("Content-Type", "application/octet-stream")
	if chunked {
		w.Header().Set("Trailer", "X-Trailer")
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(left))
	}
	block := make([]byte, 10_000)
	for i := range block {
		block[i] = byte(i)
	}
	for left > 0 {
		n, err := w.Write(block[:min(left, len(block))])
		if err != nil {
			return
		}
		left -= n
		if chunked {
			w.(http.Flusher).Flush()
		}
	}
	w.Header().Set("X-Trailer", "at the end")
}

func status(w http.ResponseWriter, r *http.Request) {
	code, _ := strconv.Atoi(r.URL.Query().Get("code"))
	w.Header().Set("ETag", `"1"`)
	if r.URL.Query().Has("close") {
		w.Header().Set("Connection", "close")
	}
	w.WriteHeader(code)
	if code != http.StatusNotModified && code != http.StatusNoContent {
		_, _ = fmt.Fprintf(w, "status %d", code)
	}
}

// Breaks off in the middle of a body.
func abort(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write(make([]byte, 500))
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/octets", octets)
	mux.HandleFunc("/status", status)
	mux.HandleFunc("/abort", abort)
	server := &http.Server{
		Handler: mux,
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		},
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(server.Serve(listener))
}
