//go:build wasip1

package layotto

type LogLevel uint32

const (
	LevelTrace LogLevel = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
	LevelCritical
)

// Log writes a line to the host's log.
func Log(level LogLevel, message string) {
	hostLog(uint32(level), message)
}

func Debug(message string) { Log(LevelDebug, message) }
func Info(message string)  { Log(LevelInfo, message) }
func Warn(message string)  { Log(LevelWarn, message) }
func Error(message string) { Log(LevelError, message) }

// CurrentLogLevel is the lowest level that the host writes: spares making texts that nobody reads.
func CurrentLogLevel() LogLevel {
	if hostGetLogLevel(&firstOut) != 0 {
		return LevelTrace
	}
	return LogLevel(firstOut)
}

// Now is the time since 1970, ns.
func Now() uint64 {
	if hostGetCurrentTimeNanoseconds(&longOut) != 0 {
		return 0
	}
	return longOut
}
