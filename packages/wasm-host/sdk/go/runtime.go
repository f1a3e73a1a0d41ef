//go:build wasip1

package layotto

// Layotto's Runtime API. Each call is answered before it returns. What a function may reach is named in its
// capabilities; everything else fails with InternalFailure.

// GetState reads a state; empty: there is no such key.
func GetState(store, key string) ([]byte, error) {
	return returned(hostGetState(store, key, &firstOut, &secondOut))
}

func SetState(store, key string, value []byte) error {
	return check(hostSetState(store, key, octets(value)))
}

func DeleteState(store, key string) error {
	return check(hostDeleteState(store, key))
}

// Publish publishes an event. The content type may be "".
func Publish(component, topic string, data []byte, contentType string) error {
	return check(hostPublishEvent(component, topic, contentType, octets(data)))
}

// TryLock takes a lock. False without an error: somebody else has it.
func TryLock(store, resource, owner string, seconds uint32) (bool, error) {
	err := check(hostTryLock(store, resource, owner, seconds, &firstOut))
	return err == nil && firstOut == 1, err
}

// Unlocked is what came of Unlock.
type Unlocked uint32

const (
	Released Unlocked = iota
	NoSuchLock
	OfSomebodyElse
	UnlockError
)

func Unlock(store, resource, owner string) (Unlocked, error) {
	err := check(hostUnlock(store, resource, owner, &firstOut))
	return Unlocked(firstOut), err
}

// NextID returns the next id of a sequence.
func NextID(store, key string) (int64, error) {
	err := check(hostGetNextId(store, key, &longOut))
	return int64(longOut), err
}

// GetSecret returns the keys and values of a secret.
func GetSecret(store, name string) ([]Pair, error) {
	value, err := returned(hostGetSecret(store, name, &firstOut, &secondOut))
	return decodePairs(value), err
}

// GetConfigurationItem returns an item of a configuration store. The error is NotFound when there is none.
func GetConfigurationItem(store, key string) ([]byte, error) {
	return returned(hostGetConfigurationItem(store, key, &firstOut, &secondOut))
}

// InvokeService calls another function, or a service of the mesh, by its id. The method may be "".
func InvokeService(id, method string, data []byte) ([]byte, error) {
	return returned(hostInvokeService(id, method, octets(data), &firstOut, &secondOut))
}

// CallForeignFunction calls a function that only this host has.
func CallForeignFunction(name string, input []byte) ([]byte, error) {
	return returned(hostCallForeignFunction(name, octets(input), &firstOut, &secondOut))
}
