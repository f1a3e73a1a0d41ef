//go:build wasip1

// The inventory: the number of a book is the state of that name in the store "state_demo".
package main

import "layotto"

func init() { layotto.Serve("id_2", handle) }

func handle(request *layotto.Request) (*layotto.Response, error) {
	count, err := layotto.GetState("state_demo", request.Text())
	if err != nil {
		return layotto.Failure(502, "the state store does not answer"), nil
	}
	return &layotto.Response{Status: 200, Body: count}, nil
}

// The host never calls it, but a program must have it.
func main() {}
