//go:build wasip1

package layotto

// Filter looks at one exchange on its way, or changes it. Embed PassThrough and write what you need.
type Filter interface {
	// OnRequestHeaders: with end the request has neither body nor trailers, or they are not shown.
	OnRequestHeaders(count int, end bool) Action
	// OnRequestBody: size is that of RequestBody; with end it is complete.
	OnRequestBody(size int, end bool) Action
	OnRequestTrailers(count int) Action
	OnResponseHeaders(count int, end bool) Action
	OnResponseBody(size int, end bool) Action
	OnResponseTrailers(count int) Action
	// OnHTTPResponse: the answer to an HTTPCall of this filter: CallHeaders, CallBody. No headers: the call failed.
	OnHTTPResponse(call uint32, headers, bodySize int)
	// OnLog: the exchange is over; headers can still be read.
	OnLog()
}

// PassThrough is a Filter that lets everything pass.
type PassThrough struct{}

func (PassThrough) OnRequestHeaders(int, bool) Action    { return Continue }
func (PassThrough) OnRequestBody(int, bool) Action       { return Continue }
func (PassThrough) OnRequestTrailers(int) Action         { return Continue }
func (PassThrough) OnResponseHeaders(int, bool) Action   { return Continue }
func (PassThrough) OnResponseBody(int, bool) Action      { return Continue }
func (PassThrough) OnResponseTrailers(int) Action        { return Continue }
func (PassThrough) OnHTTPResponse(call uint32, _, _ int) {}
func (PassThrough) OnLog()                               {}

var (
	create  func() Filter
	filters = map[uint32]Filter{}
	// Which context made a call.
	calls   = map[uint32]uint32{}
	current uint32
)

// UseFilter makes the module a filter or a hook; what is given makes the filter of one exchange.
func UseFilter(id string, make func() Filter) {
	module.id = id
	create = make
}

// HTTPCall begins an HTTP call to an upstream of the configuration, or to a host; the answer comes to OnHTTPResponse of
// the same filter, so return Pause to wait for it. Headers with ":method", ":path" and ":authority".
func HTTPCall(upstream string, headers []Pair, body []byte, timeoutMs uint32) (uint32, error) {
	pairs, trailers := octets(encodePairs(headers)), octets(encodePairs(nil))
	err := check(hostHttpCall(upstream, pairs, octets(body), trailers, timeoutMs, &firstOut))
	if err != nil {
		return 0, err
	}
	calls[firstOut] = current
	return firstOut, nil
}

// filterOf returns the filter of a context; of one that has none, e.g. in a function, one that does nothing.
func filterOf(context uint32) Filter {
	current = context
	if filter, found := filters[context]; found {
		return filter
	}
	return PassThrough{}
}

func callerOf(call, context uint32) Filter {
	caller, found := calls[call]
	if !found {
		caller = context
	}
	delete(calls, call)
	if caller != context {
		hostSetEffectiveContext(caller)
	}
	return filterOf(caller)
}

func endContext(context uint32) {
	delete(filters, context)
	for call, caller := range calls {
		if caller == context {
			delete(calls, call)
		}
	}
}
