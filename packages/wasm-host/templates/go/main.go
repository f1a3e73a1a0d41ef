//go:build wasip1

package main

import "layotto"

// The host calls the module, never main: what is to be set up goes into init.
func init() {
	layotto.Serve("__NAME__", func(request *layotto.Request) (*layotto.Response, error) {
		name, found := request.Param("name")
		if !found {
			name = "world"
		}
		return layotto.Text("Hello, " + name + "!"), nil
	})
}

func main() {}
