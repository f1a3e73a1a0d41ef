//go:build wasip1

package layotto

// What a module exports. An export is what the host calls; its name and signature are those of proxy-wasm 0.2.1, and
// proxy_get_id is Layotto's.

//go:wasmexport proxy_abi_version_0_2_1
func abiVersion() {}

//go:wasmexport proxy_on_memory_allocate
func onMemoryAllocate(size uint32) uint32 { return allocate(size) }

//go:wasmexport proxy_get_id
func getID() { callData.Set([]byte(module.id)) }

//go:wasmexport proxy_on_vm_start
func onVMStart(root, size uint32) uint32 { return 1 }

//go:wasmexport proxy_on_configure
func onConfigure(root, size uint32) uint32 {
	if module.onConfigure == nil || module.onConfigure(pluginConfiguration.Bytes()) {
		return 1
	}
	return 0
}

//go:wasmexport proxy_on_tick
func onTick(root uint32) {
	if module.onTick != nil {
		module.onTick()
	}
}

//go:wasmexport proxy_on_queue_ready
func onQueueReady(root, queue uint32) {
	if module.onQueueReady != nil {
		module.onQueueReady(queue)
	}
}

//go:wasmexport proxy_on_context_create
func onContextCreate(context, parent uint32) {
	if parent != 0 && create != nil {
		filters[context] = create()
	}
}

// run answers when the module is a function and its request is complete.
func run(complete bool) bool {
	if handler != nil && complete {
		handle()
	}
	return handler != nil
}

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(context, count, end uint32) uint32 {
	if run(end != 0) {
		return uint32(Continue)
	}
	return uint32(filterOf(context).OnRequestHeaders(int(count), end != 0))
}

//go:wasmexport proxy_on_request_body
func onRequestBody(context, size, end uint32) uint32 {
	if run(end != 0) {
		return uint32(Continue)
	}
	return uint32(filterOf(context).OnRequestBody(int(size), end != 0))
}

//go:wasmexport proxy_on_request_trailers
func onRequestTrailers(context, count uint32) uint32 {
	if run(true) {
		return uint32(Continue)
	}
	return uint32(filterOf(context).OnRequestTrailers(int(count)))
}

//go:wasmexport proxy_on_response_headers
func onResponseHeaders(context, count, end uint32) uint32 {
	return uint32(filterOf(context).OnResponseHeaders(int(count), end != 0))
}

//go:wasmexport proxy_on_response_body
func onResponseBody(context, size, end uint32) uint32 {
	return uint32(filterOf(context).OnResponseBody(int(size), end != 0))
}

//go:wasmexport proxy_on_response_trailers
func onResponseTrailers(context, count uint32) uint32 {
	return uint32(filterOf(context).OnResponseTrailers(int(count)))
}

//go:wasmexport proxy_on_http_call_response
func onHTTPCallResponse(context, call, headers, bodySize, trailers uint32) {
	callerOf(call, context).OnHTTPResponse(call, int(headers), int(bodySize))
}

//go:wasmexport proxy_on_done
func onDone(context uint32) uint32 { return 1 }

//go:wasmexport proxy_on_log
func onLog(context uint32) { filterOf(context).OnLog() }

//go:wasmexport proxy_on_delete
func onDelete(context uint32) { endContext(context) }
