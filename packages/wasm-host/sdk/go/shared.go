//go:build wasip1

package layotto

// GetShared returns a value that the instances of a function share, and its compare-and-swap number, which changes with
// every write. The error is NotFound when there is none.
func GetShared(key string) (value []byte, cas uint32, err error) {
	value, err = returned(hostGetSharedData(key, &firstOut, &secondOut, &thirdOut))
	return value, thirdOut, err
}

// SetShared writes a shared value. The number is of the value that was read; 0: whatever is there. The error is
// CasMismatch when somebody else has written meanwhile.
func SetShared(key string, value []byte, cas uint32) error {
	return check(hostSetSharedData(key, octets(value), cas))
}

// RegisterQueue makes a queue, or finds it; OnQueueReady is called when something comes in.
func RegisterQueue(name string) (uint32, error) {
	err := check(hostRegisterSharedQueue(name, &firstOut))
	return firstOut, err
}

// ResolveQueue finds a queue of another function.
func ResolveQueue(vmID, name string) (uint32, error) {
	err := check(hostResolveSharedQueue(vmID, name, &firstOut))
	return firstOut, err
}

func Enqueue(queue uint32, value []byte) error {
	return check(hostEnqueueSharedQueue(queue, octets(value)))
}

// Dequeue returns the next value of a queue. The error is Empty when nothing is in it.
func Dequeue(queue uint32) ([]byte, error) {
	return returned(hostDequeueSharedQueue(queue, &firstOut, &secondOut))
}

type MetricKind uint32

const (
	Counter MetricKind = iota
	Gauge
	Histogram
)

// Metric is a figure that the host shows among its metrics.
type Metric uint32

func DefineMetric(kind MetricKind, name string) (Metric, error) {
	err := check(hostDefineMetric(uint32(kind), name, &firstOut))
	return Metric(firstOut), err
}

// Add is for counters and gauges.
func (metric Metric) Add(offset int64) error {
	return check(hostIncrementMetric(uint32(metric), offset))
}

// Record is for gauges and histograms.
func (metric Metric) Record(value uint64) error {
	return check(hostRecordMetric(uint32(metric), value))
}

func (metric Metric) Value() (uint64, error) {
	err := check(hostGetMetric(uint32(metric), &longOut))
	return longOut, err
}
