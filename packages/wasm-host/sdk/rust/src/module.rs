//! What a module says of itself and does outside of calls.

use crate::body::Body;
use crate::memory::to_text;
use crate::pairs::decode;
use crate::raw;
use crate::status::{check, Result};
use std::cell::RefCell;

const PLUGIN_CONFIGURATION: Body = Body(7);
const CALL_DATA: Body = Body(8);

/// Plugin configuration of the function: `config` of its entry.
pub struct Config {
    pub bytes: Vec<u8>,
}

impl Config {
    /// Where the configuration is a text.
    pub fn text(&self) -> String {
        to_text(self.bytes.clone())
    }

    /// A value where it is a map.
    pub fn get(&self, key: &str) -> Option<String> {
        decode(&self.bytes)
            .into_iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

type Callback<T, R> = RefCell<Option<Box<dyn FnMut(T) -> R>>>;

thread_local! {
    static CONFIGURED: Callback<Config, bool> = RefCell::new(None);
    static TICKED: Callback<(), ()> = RefCell::new(None);
    static QUEUE_READY: Callback<u32, ()> = RefCell::new(None);
}

/// Called once with the configuration, before any call. `false`: the module cannot work with it. Set it in `start`.
pub fn on_configure(callback: impl FnMut(Config) -> bool + 'static) {
    CONFIGURED.with(|place| *place.borrow_mut() = Some(Box::new(callback)));
}

/// Called again and again; [`set_tick_period`] says how often.
pub fn on_tick(mut callback: impl FnMut() + 'static) {
    TICKED.with(|place| *place.borrow_mut() = Some(Box::new(move |()| callback())));
}

/// Called when something has come into a queue that this module registered.
pub fn on_queue_ready(callback: impl FnMut(u32) + 'static) {
    QUEUE_READY.with(|place| *place.borrow_mut() = Some(Box::new(callback)));
}

/// 0: no ticks.
pub fn set_tick_period(ms: u32) -> Result<()> {
    check(unsafe { raw::proxy_set_tick_period_milliseconds(ms) })
}

pub(crate) fn tell_id(id: &str) {
    // Without it the host knows the module by its name.
    let _ = CALL_DATA.set(id);
}

pub(crate) fn configure() -> bool {
    let config = Config {
        bytes: PLUGIN_CONFIGURATION.bytes(),
    };
    CONFIGURED.with(|place| match place.borrow_mut().as_mut() {
        Some(callback) => callback(config),
        None => true,
    })
}

pub(crate) fn tick() {
    TICKED.with(|place| {
        if let Some(callback) = place.borrow_mut().as_mut() {
            callback(())
        }
    })
}

pub(crate) fn queue_ready(queue: u32) {
    QUEUE_READY.with(|place| {
        if let Some(callback) = place.borrow_mut().as_mut() {
            callback(queue)
        }
    })
}
