//go:build wasip1

package layotto

import "math"

// Body is a body, or another buffer of the host.
type Body uint32

const (
	RequestBody  Body = 0
	ResponseBody Body = 1
	// CallBody is of the answer to an HTTP call-out, during OnHTTPResponse.
	CallBody Body = 4

	pluginConfiguration Body = 7
	callData            Body = 8
)

// As a size: all of it. As a start: behind the end.
const all = math.MaxUint32

// Size returns the octets that it has.
func (body Body) Size() int {
	if hostGetBufferStatus(uint32(body), &firstOut, &secondOut) != 0 {
		return 0
	}
	return int(firstOut)
}

// Bytes returns all of it; empty when there is none.
func (body Body) Bytes() []byte {
	value, _ := returned(hostGetBufferBytes(uint32(body), 0, all, &firstOut, &secondOut))
	return value
}

func (body Body) Text() string { return string(body.Bytes()) }

// Set puts octets in place of all that is there.
func (body Body) Set(value []byte) error {
	return check(hostSetBufferBytes(uint32(body), 0, all, octets(value)))
}

func (body Body) Append(value []byte) error {
	return check(hostSetBufferBytes(uint32(body), all, 0, octets(value)))
}
