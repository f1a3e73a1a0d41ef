//go:build wasip1

package layotto

// Config is the plugin configuration of the function: config of its entry.
type Config []byte

// Text is for a configuration that is a text.
func (config Config) Text() string { return string(config) }

// Get returns a value of a configuration that is a map, and whether it is there.
func (config Config) Get(key string) (string, bool) {
	for _, pair := range decodePairs(config) {
		if pair.Name == key {
			return pair.Value, true
		}
	}
	return "", false
}

var module struct {
	id           string
	onConfigure  func(config Config) bool
	onTick       func()
	onQueueReady func(queue uint32)
}

// OnConfigure is called once with the configuration, before any call. False: the module cannot work with it.
func OnConfigure(callback func(config Config) bool) { module.onConfigure = callback }

// OnTick is called again and again; SetTickPeriod says how often.
func OnTick(callback func()) { module.onTick = callback }

// OnQueueReady is called when something has come into a queue that this module registered.
func OnQueueReady(callback func(queue uint32)) { module.onQueueReady = callback }

// SetTickPeriod takes milliseconds; 0: no ticks.
func SetTickPeriod(ms uint32) error { return check(hostSetTickPeriodMilliseconds(ms)) }
