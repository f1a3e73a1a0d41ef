//go:build wasip1

package layotto

import "strconv"

// Status is why the host did not do what it was asked.
type Status uint32

const (
	NotFound             Status = 1
	BadArgument          Status = 2
	SerializationFailure Status = 3
	ParseFailure         Status = 4
	InvalidMemoryAccess  Status = 6
	Empty                Status = 7
	CasMismatch          Status = 8
	// InternalFailure: the API failed, the deadline has passed, or the function lacks a capability; the host's log says
	// which.
	InternalFailure Status = 10
	Unimplemented   Status = 12
)

// Error makes a Status an error: errors.Is(err, layotto.NotFound).
func (status Status) Error() string {
	return "the host answered status " + strconv.Itoa(int(status))
}

func check(status uint32) error {
	if status == 0 {
		return nil
	}
	return Status(status)
}
