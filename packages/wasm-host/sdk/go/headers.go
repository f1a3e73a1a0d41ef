//go:build wasip1

package layotto

import "encoding/binary"

// Pair is one header line, or one key of a secret.
type Pair struct{ Name, Value string }

// HeaderMap is headers or trailers of the exchange. Names are looked up without regard to case.
type HeaderMap uint32

const (
	RequestHeaders   HeaderMap = 0
	RequestTrailers  HeaderMap = 1
	ResponseHeaders  HeaderMap = 2
	ResponseTrailers HeaderMap = 3
	// CallHeaders and CallTrailers are of the answer to an HTTP call-out, during OnHTTPResponse.
	CallHeaders  HeaderMap = 6
	CallTrailers HeaderMap = 7
)

// Get returns the value of a header, several lines joined by ", ", and whether there is one.
func (headers HeaderMap) Get(name string) (string, bool) {
	value, err := returned(hostGetHeaderMapValue(uint32(headers), name, &firstOut, &secondOut))
	return string(value), err == nil
}

// Set sets a header to one line.
func (headers HeaderMap) Set(name, value string) error {
	return check(hostReplaceHeaderMapValue(uint32(headers), name, value))
}

// Add adds a line.
func (headers HeaderMap) Add(name, value string) error {
	return check(hostAddHeaderMapValue(uint32(headers), name, value))
}

func (headers HeaderMap) Remove(name string) error {
	return check(hostRemoveHeaderMapValue(uint32(headers), name))
}

// All returns all lines in order.
func (headers HeaderMap) All() []Pair {
	value, err := returned(hostGetHeaderMapPairs(uint32(headers), &firstOut, &secondOut))
	if err != nil {
		return nil
	}
	return decodePairs(value)
}

// SetAll puts these lines in place of all others.
func (headers HeaderMap) SetAll(pairs []Pair) error {
	return check(hostSetHeaderMapPairs(uint32(headers), octets(encodePairs(pairs))))
}

// Header maps cross the border as u32 count, count times (u32 name size, u32 value size), then name NUL value NUL ...
func encodePairs(pairs []Pair) []byte {
	encoded := binary.LittleEndian.AppendUint32(nil, uint32(len(pairs)))
	for _, pair := range pairs {
		encoded = binary.LittleEndian.AppendUint32(encoded, uint32(len(pair.Name)))
		encoded = binary.LittleEndian.AppendUint32(encoded, uint32(len(pair.Value)))
	}
	for _, pair := range pairs {
		encoded = append(encoded, pair.Name...)
		encoded = append(encoded, 0)
		encoded = append(encoded, pair.Value...)
		encoded = append(encoded, 0)
	}
	return encoded
}

// decodePairs leaves out what is broken.
func decodePairs(encoded []byte) []Pair {
	if len(encoded) < 4 {
		return nil
	}
	count := uint64(binary.LittleEndian.Uint32(encoded))
	position := 4 + 8*count
	if position > uint64(len(encoded)) {
		return nil
	}
	pairs := make([]Pair, 0, count)
	for sizes := encoded[4:position]; len(sizes) > 0; sizes = sizes[8:] {
		nameEnd := position + uint64(binary.LittleEndian.Uint32(sizes))
		valueEnd := nameEnd + 1 + uint64(binary.LittleEndian.Uint32(sizes[4:]))
		if valueEnd >= uint64(len(encoded)) {
			break
		}
		name, value := string(encoded[position:nameEnd]), string(encoded[nameEnd+1:valueEnd])
		pairs = append(pairs, Pair{name, value})
		position = valueEnd + 1
	}
	return pairs
}
