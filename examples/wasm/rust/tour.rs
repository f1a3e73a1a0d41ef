//! Calls everything that Layotto offers once, and answers with what came of it:
//! curl -H 'id: tour' localhost:2045

use layotto_guest::*;
use std::cell::RefCell;

layotto_guest::function!("tour", handle, start);

thread_local! {
    static GREETING: RefCell<String> = RefCell::new(String::new());
}

fn start() {
    on_configure(|config| {
        let greeting = config.get("greeting").unwrap_or_default();
        GREETING.with(|place| *place.borrow_mut() = greeting);
        true
    });
}

fn handle(_request: &Request) -> Result<Response> {
    let mut lines = vec![GREETING.with(|greeting| format!("greeting: {}", greeting.borrow()))];
    if let Some(name) = get_property("plugin_name") {
        lines.push(format!("name: {}", name));
    }
    state(&mut lines)?;
    others(&mut lines)?;
    shared(&mut lines)?;
    let foreign = call_foreign_function("nothing", "").map_or("?".to_string(), text);
    lines.push(format!("foreign: {}", foreign));
    info("the tour is over");
    Ok(Response::text(lines.join("\n")).header("x-tour", "over"))
}

fn state(lines: &mut Vec<String>) -> Result<()> {
    set_state("state_demo", "tour", "hello")?;
    lines.push(format!("state: {}", text(get_state("state_demo", "tour")?)));
    delete_state("state_demo", "tour")?;
    lines.push(format!(
        "deleted: {}",
        text(get_state("state_demo", "tour")?)
    ));
    Ok(())
}

fn others(lines: &mut Vec<String>) -> Result<()> {
    publish("pubsub_demo", "tours", "begun", "text/plain")?;
    lines.push("published: yes".to_string());
    let locked = try_lock("lock_demo", "tour", "me", 10)?;
    lines.push(format!("locked: {}", if locked { "yes" } else { "no" }));
    let unlocked = unlock("lock_demo", "tour", "me")?;
    lines.push(format!("unlocked: {}", unlocked as u32));
    lines.push(format!("id: {}", next_id("sequencer_demo", "tour")?));
    for (key, value) in get_secret("secret_demo", "db")? {
        lines.push(format!("secret: {}={}", key, value));
    }
    let color = get_configuration_item("config_demo", "color")?.map_or("?".to_string(), text);
    lines.push(format!("color: {}", color));
    Ok(())
}

fn shared(lines: &mut Vec<String>) -> Result<()> {
    set_shared("tour", "1", 0)?;
    if let Some(first) = get_shared("tour")? {
        lines.push(format!("shared: {}", text(first.value)));
        set_shared("tour", "2", first.cas)?;
        let stale = set_shared("tour", "3", first.cas) == Err(Status::CasMismatch);
        lines.push(format!(
            "stale: {}",
            if stale { "refused" } else { "written" }
        ));
    }
    let queue = register_queue("tours")?;
    enqueue(queue, "ticket")?;
    let ticket = dequeue(queue)?.map_or("?".to_string(), text);
    lines.push(format!("queue: {}", ticket));
    let counter = Metric::new(MetricKind::Counter, "tours")?;
    counter.add(3)?;
    lines.push(format!("counted: {}", counter.value()?));
    Ok(())
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
