//go:build wasip1

package layotto

import "strings"

// Request is what a function is called with.
type Request struct {
	// Body of a call without one is its query.
	Body []byte
}

// Method is e.g. "GET".
func (*Request) Method() string {
	value, _ := RequestHeaders.Get(":method")
	return value
}

// Path has the query.
func (*Request) Path() string {
	value, _ := RequestHeaders.Get(":path")
	return value
}

// Query is what follows "?" in the path.
func (request *Request) Query() string {
	_, query, _ := strings.Cut(request.Path(), "?")
	return query
}

// Header returns a header and whether there is one.
func (*Request) Header(name string) (string, bool) { return RequestHeaders.Get(name) }

// Text is the body.
func (request *Request) Text() string { return string(request.Body) }

// Param returns a value of the form in the body, else in the query, and whether one of them has it.
func (request *Request) Param(name string) (string, bool) {
	if value, found := FormValue(request.Text(), name); found {
		return value, true
	}
	return FormValue(request.Query(), name)
}

// Response is what a function answers.
type Response struct {
	Status  int
	Body    []byte
	Headers []Pair
}

// Text is 200 with a text.
func Text(text string) *Response { return &Response{Status: 200, Body: []byte(text)} }

// JSON is 200 with JSON that is written already.
func JSON(json string) *Response {
	return Text(json).Header("content-type", "application/json")
}

// Failure is another status, with a text.
func Failure(status int, text string) *Response {
	return &Response{Status: status, Body: []byte(text)}
}

// Header adds a header and returns the response.
func (response *Response) Header(name, value string) *Response {
	response.Headers = append(response.Headers, Pair{name, value})
	return response
}

// A plain 200 is only its body, which every host of functions understands.
func (response *Response) send() error {
	if response.Status == 200 && len(response.Headers) == 0 {
		return ResponseBody.Set(response.Body)
	}
	return SendResponse(response.Status, response.Body, response.Headers, NoGRPCStatus)
}

// FormValue returns a value of name=value&name=value, decoded, and whether it is there.
func FormValue(form, name string) (string, bool) {
	for _, part := range strings.Split(form, "&") {
		key, value, _ := strings.Cut(part, "=")
		if decodeForm(key) == name {
			return decodeForm(value), true
		}
	}
	return "", false
}

func decodeForm(text string) string {
	if !strings.ContainsAny(text, "%+") {
		return text
	}
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '+':
			decoded = append(decoded, ' ')
		case text[i] == '%' && i+2 < len(text) && hex(text[i+1]) >= 0 && hex(text[i+2]) >= 0:
			decoded = append(decoded, byte(hex(text[i+1])*16+hex(text[i+2])))
			i += 2
		default:
			decoded = append(decoded, text[i])
		}
	}
	return string(decoded)
}

func hex(digit byte) int { return strings.IndexByte("0123456789abcdef", lower(digit)) }

func lower(letter byte) byte {
	if letter >= 'A' && letter <= 'F' {
		return letter | 0x20
	}
	return letter
}
