//go:build wasip1

// Greets by name: curl -H 'id: hello' 'localhost:2045?name=Ann'
package main

import "layotto"

func init() { layotto.Serve("hello", handle) }

func handle(request *layotto.Request) (*layotto.Response, error) {
	name, found := request.Param("name")
	if !found {
		name = "world"
	}
	return layotto.Text("Hello, " + name + "!"), nil
}

// The host never calls it, but a program must have it.
func main() {}
