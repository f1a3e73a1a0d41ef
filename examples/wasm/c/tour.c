// Calls everything that Layotto offers once, and answers with what came of it:
// curl -H 'id: tour' localhost:2045
#include "layotto.h"

static lo_bytes greeting = LO("");

static bool configure(void) {
  greeting = lo_keep(lo_config_value(LO("greeting")));
  return true;
}

static lo_bytes text;

static void line(lo_bytes name, lo_bytes value) {
  lo_bytes shown = lo_present(value) ? value : LO("?");
  text = lo_join(text, text.size > 0 ? LO("\n") : LO(""), name, LO(": "), shown);
}

static void state(void) {
  lo_bytes store = LO("state_demo"), key = LO("tour"), value;
  lo_set_state(store, key, LO("hello"));
  lo_get_state(store, key, &value);
  line(LO("state"), value);
  lo_delete_state(store, key);
  lo_get_state(store, key, &value);
  line(LO("deleted"), value);
}

static void others(void) {
  lo_bytes tour = LO("tour"), color;
  bool locked;
  lo_unlocked unlocked;
  int64_t id;
  lo_pairs secret;
  lo_status published = lo_publish(LO("pubsub_demo"), LO("tours"), LO("begun"), LO("text/plain"));
  line(LO("published"), published == LO_OK ? LO("yes") : LO("no"));
  lo_try_lock(LO("lock_demo"), tour, LO("me"), 10, &locked);
  line(LO("locked"), locked ? LO("yes") : LO("no"));
  lo_unlock(LO("lock_demo"), tour, LO("me"), &unlocked);
  line(LO("unlocked"), lo_decimal(unlocked));
  lo_next_id(LO("sequencer_demo"), tour, &id);
  line(LO("id"), lo_decimal((uint64_t)id));
  lo_get_secret(LO("secret_demo"), LO("db"), &secret);
  for (size_t i = 0; i < secret.count; i++)
    line(LO("secret"), lo_join(secret.at[i].name, LO("="), secret.at[i].value));
  lo_get_configuration_item(LO("config_demo"), LO("color"), &color);
  line(LO("color"), color);
}

static void shared(void) {
  lo_bytes value, ticket;
  uint32_t cas, queue, counter;
  uint64_t count;
  lo_set_shared(LO("tour"), LO("1"), 0);
  lo_get_shared(LO("tour"), &value, &cas);
  line(LO("shared"), value);
  lo_set_shared(LO("tour"), LO("2"), cas);
  lo_status stale = lo_set_shared(LO("tour"), LO("3"), cas);
  line(LO("stale"), stale == LO_CAS_MISMATCH ? LO("refused") : LO("written"));
  lo_register_queue(LO("tours"), &queue);
  lo_enqueue(queue, LO("ticket"));
  lo_dequeue(queue, &ticket);
  line(LO("queue"), ticket);
  lo_define_metric(LO_COUNTER, LO("tours"), &counter);
  lo_add_metric(counter, 3);
  lo_metric_value(counter, &count);
  line(LO("counted"), lo_decimal(count));
}

static lo_response handle(const lo_request *request) {
  static const lo_pair over = {LO("x-tour"), LO("over")};
  lo_bytes foreign;
  text = LO("");
  line(LO("greeting"), greeting);
  line(LO("name"), lo_property(LO("plugin_name")));
  state();
  others();
  shared();
  lo_call_foreign_function(LO("nothing"), LO(""), &foreign);
  line(LO("foreign"), foreign);
  lo_log(LO_INFO, LO("the tour is over"));
  return (lo_response){200, text, {&over, 1}};
}

LAYOTTO_FUNCTION("tour", handle, .on_configure = configure)
