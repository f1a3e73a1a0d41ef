//go:build wasip1

// Calls everything that Layotto offers once, and answers with what came of it:
// curl -H 'id: tour' localhost:2045
package main

import (
	"errors"
	"fmt"
	"strings"

	"layotto"
)

var greeting string

func init() {
	layotto.OnConfigure(func(config layotto.Config) bool {
		greeting, _ = config.Get("greeting")
		return true
	})
	layotto.Serve("tour", handle)
}

type report struct {
	strings.Builder
}

func (report *report) line(name string, value any) {
	if report.Len() > 0 {
		report.WriteByte('\n')
	}
	fmt.Fprintf(report, "%s: %v", name, value)
}

func handle(*layotto.Request) (*layotto.Response, error) {
	var told report
	told.line("greeting", greeting)
	if name, found := layotto.GetProperty("plugin_name"); found {
		told.line("name", name)
	}
	if err := errors.Join(state(&told), others(&told), shared(&told)); err != nil {
		return nil, err
	}
	if _, err := layotto.CallForeignFunction("nothing", nil); err != nil {
		told.line("foreign", "?")
	}
	layotto.Info("the tour is over")
	return layotto.Text(told.String()).Header("x-tour", "over"), nil
}

func state(told *report) error {
	set := layotto.SetState("state_demo", "tour", []byte("hello"))
	value, read := layotto.GetState("state_demo", "tour")
	told.line("state", string(value))
	deleted := layotto.DeleteState("state_demo", "tour")
	value, gone := layotto.GetState("state_demo", "tour")
	told.line("deleted", string(value))
	return errors.Join(set, read, deleted, gone)
}

func others(told *report) error {
	published := layotto.Publish("pubsub_demo", "tours", []byte("begun"), "text/plain")
	told.line("published", yes(published == nil))
	locked, err := layotto.TryLock("lock_demo", "tour", "me", 10)
	told.line("locked", yes(locked))
	unlocked, unlockErr := layotto.Unlock("lock_demo", "tour", "me")
	told.line("unlocked", unlocked)
	id, idErr := layotto.NextID("sequencer_demo", "tour")
	told.line("id", id)
	secret, secretErr := layotto.GetSecret("secret_demo", "db")
	for _, pair := range secret {
		told.line("secret", pair.Name+"="+pair.Value)
	}
	color, colorErr := layotto.GetConfigurationItem("config_demo", "color")
	told.line("color", string(color))
	return errors.Join(published, err, unlockErr, idErr, secretErr, colorErr)
}

func shared(told *report) error {
	first := layotto.SetShared("tour", []byte("1"), 0)
	value, cas, read := layotto.GetShared("tour")
	told.line("shared", string(value))
	second := layotto.SetShared("tour", []byte("2"), cas)
	stale := "written"
	if errors.Is(layotto.SetShared("tour", []byte("3"), cas), layotto.CasMismatch) {
		stale = "refused"
	}
	told.line("stale", stale)
	queue, queueErr := layotto.RegisterQueue("tours")
	layotto.Enqueue(queue, []byte("ticket"))
	ticket, _ := layotto.Dequeue(queue)
	told.line("queue", string(ticket))
	counter, metricErr := layotto.DefineMetric(layotto.Counter, "tours")
	counter.Add(3)
	count, _ := counter.Value()
	told.line("counted", count)
	return errors.Join(first, read, second, queueErr, metricErr)
}

func yes(answer bool) string {
	if answer {
		return "yes"
	}
	return "no"
}

// The host never calls it, but a program must have it.
func main() {}
