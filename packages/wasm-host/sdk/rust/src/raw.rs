//! The host's functions as they are: proxy-wasm 0.2.1 and what Layotto adds. A module imports only what it uses. Every
//! function returns a status; `…_out` is where the host writes a result.

#[link(wasm_import_module = "env")]
extern "C" {
    pub fn proxy_log(level: u32, message: *const u8, message_size: usize) -> u32;
    pub fn proxy_get_log_level(level_out: *mut u32) -> u32;
    pub fn proxy_get_current_time_nanoseconds(time_out: *mut u64) -> u32;
    pub fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    pub fn proxy_set_effective_context(context: u32) -> u32;
    pub fn proxy_done() -> u32;
    pub fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        max_size: usize,
        value_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
    pub fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    pub fn proxy_get_buffer_status(buffer: u32, size_out: *mut u32, unused_out: *mut u32) -> u32;
    pub fn proxy_get_header_map_size(map: u32, size_out: *mut u32) -> u32;
    pub fn proxy_get_header_map_pairs(
        map: u32,
        pairs_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
    pub fn proxy_set_header_map_pairs(map: u32, pairs: *const u8, size: usize) -> u32;
    pub fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
    pub fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    pub fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    pub fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    pub fn proxy_continue_stream(stream: u32) -> u32;
    pub fn proxy_close_stream(stream: u32) -> u32;
    pub fn proxy_send_local_response(
        code: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    pub fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        value_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
    pub fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    pub fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        value_out: *mut *mut u8,
        size_out: *mut usize,
        cas_out: *mut u32,
    ) -> u32;
    pub fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
    pub fn proxy_register_shared_queue(
        name: *const u8,
        name_size: usize,
        queue_out: *mut u32,
    ) -> u32;
    pub fn proxy_resolve_shared_queue(
        vm: *const u8,
        vm_size: usize,
        name: *const u8,
        name_size: usize,
        queue_out: *mut u32,
    ) -> u32;
    pub fn proxy_enqueue_shared_queue(queue: u32, value: *const u8, value_size: usize) -> u32;
    pub fn proxy_dequeue_shared_queue(
        queue: u32,
        value_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
    pub fn proxy_define_metric(
        kind: u32,
        name: *const u8,
        name_size: usize,
        metric_out: *mut u32,
    ) -> u32;
    pub fn proxy_record_metric(metric: u32, value: u64) -> u32;
    pub fn proxy_increment_metric(metric: u32, offset: i64) -> u32;
    pub fn proxy_get_metric(metric: u32, value_out: *mut u64) -> u32;
    pub fn proxy_http_call(
        upstream: *const u8,
        upstream_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout_ms: u32,
        call_out: *mut u32,
    ) -> u32;
    pub fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        input: *const u8,
        input_size: usize,
        result_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
    pub fn proxy_get_state(
        store: *const u8,
        store_size: usize,
        key: *const u8,
        key_size: usize,
        value_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
    pub fn proxy_set_state(
        store: *const u8,
        store_size: usize,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    pub fn proxy_delete_state(
        store: *const u8,
        store_size: usize,
        key: *const u8,
        key_size: usize,
    ) -> u32;
    pub fn proxy_publish_event(
        component: *const u8,
        component_size: usize,
        topic: *const u8,
        topic_size: usize,
        content_type: *const u8,
        content_type_size: usize,
        data: *const u8,
        data_size: usize,
    ) -> u32;
    pub fn proxy_try_lock(
        store: *const u8,
        store_size: usize,
        resource: *const u8,
        resource_size: usize,
        owner: *const u8,
        owner_size: usize,
        seconds: u32,
        acquired_out: *mut u32,
    ) -> u32;
    pub fn proxy_unlock(
        store: *const u8,
        store_size: usize,
        resource: *const u8,
        resource_size: usize,
        owner: *const u8,
        owner_size: usize,
        result_out: *mut u32,
    ) -> u32;
    pub fn proxy_get_next_id(
        store: *const u8,
        store_size: usize,
        key: *const u8,
        key_size: usize,
        id_out: *mut u64,
    ) -> u32;
    pub fn proxy_get_secret(
        store: *const u8,
        store_size: usize,
        name: *const u8,
        name_size: usize,
        pairs_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
    pub fn proxy_get_configuration_item(
        store: *const u8,
        store_size: usize,
        key: *const u8,
        key_size: usize,
        value_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
    pub fn proxy_invoke_service(
        id: *const u8,
        id_size: usize,
        method: *const u8,
        method_size: usize,
        data: *const u8,
        data_size: usize,
        result_out: *mut *mut u8,
        size_out: *mut usize,
    ) -> u32;
}
