//go:build wasip1

// A filter that asks the upstream "auth" about each request and waits for its answer: with 200 the request goes on and
// says who it is, with anything else it ends.
package main

import "layotto"

const timeoutMs = 500

func init() {
	layotto.UseFilter("ask_first", func() layotto.Filter { return askFirst{} })
}

type askFirst struct{ layotto.PassThrough }

func (askFirst) OnRequestHeaders(count int, end bool) layotto.Action {
	token, _ := layotto.RequestHeaders.Get("authorization")
	headers := []layotto.Pair{
		{Name: ":method", Value: "GET"},
		{Name: ":path", Value: "/who"},
		{Name: ":authority", Value: "auth"},
		{Name: "authorization", Value: token},
	}
	if _, err := layotto.HTTPCall("auth", headers, nil, timeoutMs); err != nil {
		layotto.SendResponse(503, []byte("nobody can say who you are"), nil, layotto.NoGRPCStatus)
	}
	return layotto.Pause
}

func (askFirst) OnHTTPResponse(call uint32, headers, bodySize int) {
	if status, _ := layotto.CallHeaders.Get(":status"); status != "200" {
		layotto.SendResponse(403, []byte("not for you"), nil, layotto.NoGRPCStatus)
		return
	}
	layotto.RequestHeaders.Set("x-user", layotto.CallBody.Text())
	layotto.ContinueRequest()
}

// The host never calls it, but a program must have it.
func main() {}
