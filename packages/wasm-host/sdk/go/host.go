//go:build wasip1

package layotto

// The host's functions as they are: proxy-wasm 0.2.1 and what Layotto adds. A module imports only what it uses. Every
// function returns a status; ...Out is where the host writes a result. A string is passed as address and size.

//go:wasmimport env proxy_log
func hostLog(level uint32, message string) uint32

//go:wasmimport env proxy_get_log_level
func hostGetLogLevel(levelOut *uint32) uint32

//go:wasmimport env proxy_get_current_time_nanoseconds
func hostGetCurrentTimeNanoseconds(timeOut *uint64) uint32

//go:wasmimport env proxy_set_tick_period_milliseconds
func hostSetTickPeriodMilliseconds(period uint32) uint32

//go:wasmimport env proxy_set_effective_context
func hostSetEffectiveContext(context uint32) uint32

//go:wasmimport env proxy_done
func hostDone() uint32

//go:wasmimport env proxy_get_buffer_bytes
func hostGetBufferBytes(buffer, start, maxSize uint32, valueOut, sizeOut *uint32) uint32

//go:wasmimport env proxy_set_buffer_bytes
func hostSetBufferBytes(buffer, start, size uint32, value string) uint32

//go:wasmimport env proxy_get_buffer_status
func hostGetBufferStatus(buffer uint32, sizeOut, unusedOut *uint32) uint32

//go:wasmimport env proxy_get_header_map_size
func hostGetHeaderMapSize(headerMap uint32, sizeOut *uint32) uint32

//go:wasmimport env proxy_get_header_map_pairs
func hostGetHeaderMapPairs(headerMap uint32, pairsOut, sizeOut *uint32) uint32

//go:wasmimport env proxy_set_header_map_pairs
func hostSetHeaderMapPairs(headerMap uint32, pairs string) uint32

//go:wasmimport env proxy_get_header_map_value
func hostGetHeaderMapValue(headerMap uint32, name string, valueOut, sizeOut *uint32) uint32

//go:wasmimport env proxy_add_header_map_value
func hostAddHeaderMapValue(headerMap uint32, name, value string) uint32

//go:wasmimport env proxy_replace_header_map_value
func hostReplaceHeaderMapValue(headerMap uint32, name, value string) uint32

//go:wasmimport env proxy_remove_header_map_value
func hostRemoveHeaderMapValue(headerMap uint32, name string) uint32

//go:wasmimport env proxy_continue_stream
func hostContinueStream(stream uint32) uint32

//go:wasmimport env proxy_close_stream
func hostCloseStream(stream uint32) uint32

//go:wasmimport env proxy_send_local_response
func hostSendLocalResponse(code uint32, details, body, headers string, grpcStatus int32) uint32

//go:wasmimport env proxy_get_property
func hostGetProperty(path string, valueOut, sizeOut *uint32) uint32

//go:wasmimport env proxy_set_property
func hostSetProperty(path, value string) uint32

//go:wasmimport env proxy_get_shared_data
func hostGetSharedData(key string, valueOut, sizeOut, casOut *uint32) uint32

//go:wasmimport env proxy_set_shared_data
func hostSetSharedData(key, value string, cas uint32) uint32

//go:wasmimport env proxy_register_shared_queue
func hostRegisterSharedQueue(name string, queueOut *uint32) uint32

//go:wasmimport env proxy_resolve_shared_queue
func hostResolveSharedQueue(vm, name string, queueOut *uint32) uint32

//go:wasmimport env proxy_enqueue_shared_queue
func hostEnqueueSharedQueue(queue uint32, value string) uint32

//go:wasmimport env proxy_dequeue_shared_queue
func hostDequeueSharedQueue(queue uint32, valueOut, sizeOut *uint32) uint32

//go:wasmimport env proxy_define_metric
func hostDefineMetric(kind uint32, name string, metricOut *uint32) uint32

//go:wasmimport env proxy_record_metric
func hostRecordMetric(metric uint32, value uint64) uint32

//go:wasmimport env proxy_increment_metric
func hostIncrementMetric(metric uint32, offset int64) uint32

//go:wasmimport env proxy_get_metric
func hostGetMetric(metric uint32, valueOut *uint64) uint32

//go:wasmimport env proxy_http_call
func hostHttpCall(upstream, headers, body, trailers string, timeoutMs uint32, callOut *uint32) uint32

//go:wasmimport env proxy_call_foreign_function
func hostCallForeignFunction(name, input string, resultOut, sizeOut *uint32) uint32

//go:wasmimport env proxy_get_state
func hostGetState(store, key string, valueOut, sizeOut *uint32) uint32

//go:wasmimport env proxy_set_state
func hostSetState(store, key, value string) uint32

//go:wasmimport env proxy_delete_state
func hostDeleteState(store, key string) uint32

//go:wasmimport env proxy_publish_event
func hostPublishEvent(component, topic, contentType, data string) uint32

//go:wasmimport env proxy_try_lock
func hostTryLock(store, resource, owner string, seconds uint32, acquiredOut *uint32) uint32

//go:wasmimport env proxy_unlock
func hostUnlock(store, resource, owner string, resultOut *uint32) uint32

//go:wasmimport env proxy_get_next_id
func hostGetNextId(store, key string, idOut *uint64) uint32

//go:wasmimport env proxy_get_secret
func hostGetSecret(store, name string, pairsOut, sizeOut *uint32) uint32

//go:wasmimport env proxy_get_configuration_item
func hostGetConfigurationItem(store, key string, valueOut, sizeOut *uint32) uint32

//go:wasmimport env proxy_invoke_service
func hostInvokeService(id, method, data string, resultOut, sizeOut *uint32) uint32
