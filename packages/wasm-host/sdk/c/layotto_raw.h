// The host's functions as they are: proxy-wasm 0.2.1 and what Layotto adds. A module imports only what it uses. Every
// function returns a lo_status; `…_out` is where the host writes a result.
#ifndef LAYOTTO_RAW_H
#define LAYOTTO_RAW_H

#include <stddef.h>
#include <stdint.h>

#define LO_IMPORT(name)                                                                                        \
  __attribute__((import_module("env"), import_name(#name))) uint32_t name

LO_IMPORT(proxy_log)(uint32_t level, const char *message, size_t message_size);
LO_IMPORT(proxy_get_log_level)(uint32_t *level_out);
LO_IMPORT(proxy_get_current_time_nanoseconds)(uint64_t *time_out);
LO_IMPORT(proxy_set_tick_period_milliseconds)(uint32_t period);
LO_IMPORT(proxy_set_effective_context)(uint32_t context);
LO_IMPORT(proxy_done)(void);
LO_IMPORT(proxy_get_buffer_bytes)(uint32_t buffer, size_t start, size_t max_size, const char **value_out,
    size_t *size_out);
LO_IMPORT(proxy_set_buffer_bytes)(uint32_t buffer, size_t start, size_t size, const char *value,
    size_t value_size);
LO_IMPORT(proxy_get_buffer_status)(uint32_t buffer, uint32_t *size_out, uint32_t *unused_out);
LO_IMPORT(proxy_get_header_map_size)(uint32_t map, uint32_t *size_out);
LO_IMPORT(proxy_get_header_map_pairs)(uint32_t map, const char **pairs_out, size_t *size_out);
LO_IMPORT(proxy_set_header_map_pairs)(uint32_t map, const char *pairs, size_t size);
LO_IMPORT(proxy_get_header_map_value)(uint32_t map, const char *name, size_t name_size,
    const char **value_out, size_t *size_out);
LO_IMPORT(proxy_add_header_map_value)(uint32_t map, const char *name, size_t name_size, const char *value,
    size_t value_size);
LO_IMPORT(proxy_replace_header_map_value)(uint32_t map, const char *name, size_t name_size, const char *value,
    size_t value_size);
LO_IMPORT(proxy_remove_header_map_value)(uint32_t map, const char *name, size_t name_size);
LO_IMPORT(proxy_continue_stream)(uint32_t stream);
LO_IMPORT(proxy_close_stream)(uint32_t stream);
LO_IMPORT(proxy_send_local_response)(uint32_t code, const char *details, size_t details_size,
    const char *body, size_t body_size, const char *headers, size_t headers_size, int32_t grpc_status);
LO_IMPORT(proxy_get_property)(const char *path, size_t path_size, const char **value_out, size_t *size_out);
LO_IMPORT(proxy_set_property)(const char *path, size_t path_size, const char *value, size_t value_size);
LO_IMPORT(proxy_get_shared_data)(const char *key, size_t key_size, const char **value_out, size_t *size_out,
    uint32_t *cas_out);
LO_IMPORT(proxy_set_shared_data)(const char *key, size_t key_size, const char *value, size_t value_size,
    uint32_t cas);
LO_IMPORT(proxy_register_shared_queue)(const char *name, size_t name_size, uint32_t *queue_out);
LO_IMPORT(proxy_resolve_shared_queue)(const char *vm, size_t vm_size, const char *name, size_t name_size,
    uint32_t *queue_out);
LO_IMPORT(proxy_enqueue_shared_queue)(uint32_t queue, const char *value, size_t value_size);
LO_IMPORT(proxy_dequeue_shared_queue)(uint32_t queue, const char **value_out, size_t *size_out);
LO_IMPORT(proxy_define_metric)(uint32_t kind, const char *name, size_t name_size, uint32_t *metric_out);
LO_IMPORT(proxy_record_metric)(uint32_t metric, uint64_t value);
LO_IMPORT(proxy_increment_metric)(uint32_t metric, int64_t offset);
LO_IMPORT(proxy_get_metric)(uint32_t metric, uint64_t *value_out);
LO_IMPORT(proxy_http_call)(const char *upstream, size_t upstream_size, const char *headers,
    size_t headers_size, const char *body, size_t body_size, const char *trailers, size_t trailers_size,
    uint32_t timeout_ms, uint32_t *call_out);
LO_IMPORT(proxy_call_foreign_function)(const char *name, size_t name_size, const char *input,
    size_t input_size, const char **result_out, size_t *size_out);
LO_IMPORT(proxy_get_state)(const char *store, size_t store_size, const char *key, size_t key_size,
    const char **value_out, size_t *size_out);
LO_IMPORT(proxy_set_state)(const char *store, size_t store_size, const char *key, size_t key_size,
    const char *value, size_t value_size);
LO_IMPORT(proxy_delete_state)(const char *store, size_t store_size, const char *key, size_t key_size);
LO_IMPORT(proxy_publish_event)(const char *component, size_t component_size, const char *topic,
    size_t topic_size, const char *content_type, size_t content_type_size, const char *data,
    size_t data_size);
LO_IMPORT(proxy_try_lock)(const char *store, size_t store_size, const char *resource, size_t resource_size,
    const char *owner, size_t owner_size, uint32_t seconds, uint32_t *acquired_out);
LO_IMPORT(proxy_unlock)(const char *store, size_t store_size, const char *resource, size_t resource_size,
    const char *owner, size_t owner_size, uint32_t *result_out);
LO_IMPORT(proxy_get_next_id)(const char *store, size_t store_size, const char *key, size_t key_size,
    uint64_t *id_out);
LO_IMPORT(proxy_get_secret)(const char *store, size_t store_size, const char *name, size_t name_size,
    const char **pairs_out, size_t *size_out);
LO_IMPORT(proxy_get_configuration_item)(const char *store, size_t store_size, const char *key,
    size_t key_size, const char **value_out, size_t *size_out);
LO_IMPORT(proxy_invoke_service)(const char *id, size_t id_size, const char *method, size_t method_size,
    const char *data, size_t data_size, const char **result_out, size_t *size_out);

#endif
