//go:build wasip1

package layotto

import "unsafe"

// Memory that crosses the border. The host asks for it by proxy_on_memory_allocate; until the call that returns it is
// over, only this map keeps it from the garbage collector.
var pinned = map[uint32][]byte{}

// Where the host writes results. Never two calls at a time, so one place each is enough.
var (
	firstOut, secondOut, thirdOut uint32
	longOut                       uint64
)

func allocate(size uint32) uint32 {
	if size == 0 {
		return 0
	}
	memory := make([]byte, size)
	address := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
	pinned[address] = memory
	return address
}

// returned makes a slice of what the host has just returned: address in firstOut, size in secondOut.
func returned(status uint32) ([]byte, error) {
	if err := check(status); err != nil {
		return nil, err
	}
	memory := pinned[firstOut]
	delete(pinned, firstOut)
	if uint32(len(memory)) > secondOut {
		memory = memory[:secondOut]
	}
	if memory == nil {
		memory = []byte{}
	}
	return memory, nil
}

// octets passes a slice to the host without copying it.
func octets(value []byte) string {
	return unsafe.String(unsafe.SliceData(value), len(value))
}
