//go:build wasip1

package layotto

import "strings"

// Action is what becomes of the exchange after a callback of a filter.
type Action uint32

const (
	Continue Action = 0
	// Pause: nothing more happens until ContinueRequest, ContinueResponse or SendResponse.
	Pause Action = 1
)

// NoGRPCStatus makes SendResponse take the gRPC status from the HTTP status.
const NoGRPCStatus = -1

// SendResponse answers in place of the upstream. A filter returns Pause after it.
func SendResponse(status int, body []byte, headers []Pair, grpcStatus int) error {
	pairs := octets(encodePairs(headers))
	return check(hostSendLocalResponse(uint32(status), "", octets(body), pairs, int32(grpcStatus)))
}

// ContinueRequest goes on with a request that a callback paused.
func ContinueRequest() error { return check(hostContinueStream(0)) }

// ContinueResponse goes on with a response that a callback paused.
func ContinueResponse() error { return check(hostContinueStream(1)) }

// proxy-wasm separates the parts of a path by NUL.
func pathOctets(path string) string { return strings.ReplaceAll(path, ".", "\x00") }

// GetProperty returns a property by its path, e.g. "source.address", and whether there is one.
func GetProperty(path string) (string, bool) {
	value, err := returned(hostGetProperty(pathOctets(path), &firstOut, &secondOut))
	return string(value), err == nil
}

// SetProperty sets a property, e.g. "layotto.cluster" in a hook of the mesh's step "route".
func SetProperty(path, value string) error {
	return check(hostSetProperty(pathOctets(path), value))
}
