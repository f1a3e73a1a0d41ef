//go:build wasip1

package layotto

// Handler answers one request. An error is a 500 with its text.
type Handler func(request *Request) (*Response, error)

var handler Handler

// Serve makes the module a function with the id by which it is called: header "id", InvokeService.
func Serve(id string, handle Handler) {
	module.id = id
	handler = handle
}

func handle() {
	response, err := handler(&Request{Body: RequestBody.Bytes()})
	if err != nil {
		Error(err.Error())
		response = Failure(500, err.Error())
	}
	if response == nil {
		response = Failure(500, "the function has answered nothing")
	}
	if err := response.send(); err != nil {
		Error("cannot answer: " + err.Error())
	}
}
