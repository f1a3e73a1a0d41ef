//go:build wasip1

// The shop: asks the inventory (id_2) how many of a book there are.
// curl -H 'id: id_1' 'localhost:2045?name=book1'
package main

import "layotto"

func init() { layotto.Serve("id_1", handle) }

func handle(request *layotto.Request) (*layotto.Response, error) {
	name, found := request.Param("name")
	if !found {
		return layotto.Failure(400, `which book? add "name=…"`), nil
	}
	count, err := layotto.InvokeService("id_2", "", []byte(name))
	if err != nil {
		return layotto.Failure(502, "the inventory does not answer"), nil
	}
	return layotto.Text("There are " + string(count) + " inventories for " + name + "."), nil
}

// The host never calls it, but a program must have it.
func main() {}
