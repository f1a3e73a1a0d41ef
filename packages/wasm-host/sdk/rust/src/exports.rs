//! What a module exports. An export is what the host calls; its name and signature are those of proxy-wasm 0.2.1, and
//! `proxy_get_id` is Layotto's. The macros put them into the module that is built.

/// Makes the module a function.
///
/// `function!("id", handle)` or `function!("id", handle, start)`: the id by which it is called (header `id`,
/// [`crate::invoke_service`]), what answers a `&Request` with something that becomes a [`crate::Response`], and what is run
/// once when the module starts.
#[macro_export]
macro_rules! function {
    ($id:expr, $handle:expr) => {
        $crate::function!($id, $handle, || {});
    };
    ($id:expr, $handle:expr, $start:expr) => {
        $crate::common_exports!($id, $start);

        #[no_mangle]
        pub extern "C" fn proxy_on_context_create(_context: u32, _parent: u32) {}
        #[no_mangle]
        pub extern "C" fn proxy_on_request_headers(_context: u32, _count: u32, end: u32) -> u32 {
            $crate::hidden::handle(end != 0, $handle)
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_request_body(_context: u32, _size: u32, end: u32) -> u32 {
            $crate::hidden::handle(end != 0, $handle)
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_request_trailers(_context: u32, _count: u32) -> u32 {
            $crate::hidden::handle(true, $handle)
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_delete(_context: u32) {}
    };
}

/// Makes the module a filter or a hook.
///
/// `filter!("id", create)` or `filter!("id", create, start)`: its id, what makes the [`crate::Filter`] of one exchange, and
/// what is run once when the module starts.
#[macro_export]
macro_rules! filter {
    ($id:expr, $create:expr) => {
        $crate::filter!($id, $create, || {});
    };
    ($id:expr, $create:expr, $start:expr) => {
        $crate::common_exports!($id, $start);

        #[no_mangle]
        pub extern "C" fn proxy_on_context_create(context: u32, parent: u32) {
            if parent != 0 {
                $crate::hidden::create(context, Box::new($create()));
            }
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_request_headers(context: u32, count: u32, end: u32) -> u32 {
            $crate::hidden::with(context, |filter| {
                filter.on_request_headers(count, end != 0) as u32
            })
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_request_body(context: u32, size: u32, end: u32) -> u32 {
            $crate::hidden::with(context, |filter| {
                filter.on_request_body(size, end != 0) as u32
            })
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_request_trailers(context: u32, count: u32) -> u32 {
            $crate::hidden::with(context, |filter| filter.on_request_trailers(count) as u32)
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_response_headers(context: u32, count: u32, end: u32) -> u32 {
            $crate::hidden::with(context, |filter| {
                filter.on_response_headers(count, end != 0) as u32
            })
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_response_body(context: u32, size: u32, end: u32) -> u32 {
            $crate::hidden::with(context, |filter| {
                filter.on_response_body(size, end != 0) as u32
            })
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_response_trailers(context: u32, count: u32) -> u32 {
            $crate::hidden::with(context, |filter| filter.on_response_trailers(count) as u32)
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_http_call_response(
            context: u32,
            call: u32,
            headers: u32,
            body_size: u32,
            _trailers: u32,
        ) {
            $crate::hidden::with_caller(call, context, |filter| {
                filter.on_http_response(call, headers, body_size)
            })
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_log(context: u32) {
            $crate::hidden::with(context, |filter| filter.on_log())
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_delete(context: u32) {
            $crate::hidden::end(context)
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! common_exports {
    ($id:expr, $start:expr) => {
        #[no_mangle]
        pub extern "C" fn proxy_abi_version_0_2_1() {}
        #[no_mangle]
        pub extern "C" fn _initialize() {
            $crate::hidden::initialize();
            $start();
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
            $crate::hidden::allocate(size)
        }
        #[no_mangle]
        pub extern "C" fn proxy_get_id() {
            $crate::hidden::tell_id($id)
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_vm_start(_root: u32, _size: u32) -> u32 {
            1
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_configure(_root: u32, _size: u32) -> u32 {
            $crate::hidden::configure() as u32
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_tick(_root: u32) {
            $crate::hidden::tick()
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_queue_ready(_root: u32, queue: u32) {
            $crate::hidden::queue_ready(queue)
        }
        #[no_mangle]
        pub extern "C" fn proxy_on_done(_context: u32) -> u32 {
            1
        }
    };
}

/// For the macros only.
pub mod hidden {
    use crate::http::{Request, Response};
    use crate::log::{log, LogLevel};
    use crate::{filter, memory, module, Filter};

    pub fn initialize() {
        // Without it a panic is a trap that says nothing.
        std::panic::set_hook(Box::new(|panic| {
            log(LogLevel::Critical, &panic.to_string())
        }));
    }

    pub fn allocate(size: usize) -> *mut u8 {
        memory::allocate(size)
    }

    pub fn tell_id(id: &str) {
        module::tell_id(id)
    }

    pub fn configure() -> bool {
        module::configure()
    }

    pub fn tick() {
        module::tick()
    }

    pub fn queue_ready(queue: u32) {
        module::queue_ready(queue)
    }

    pub fn handle<R: Into<Response>>(complete: bool, handler: impl FnOnce(&Request) -> R) -> u32 {
        if complete {
            handler(&Request::new()).into().send();
        }
        0
    }

    pub fn create(context: u32, made: Box<dyn Filter>) {
        filter::create(context, made)
    }

    pub fn with<R: Default>(context: u32, run: impl FnOnce(&mut dyn Filter) -> R) -> R {
        filter::with(context, run)
    }

    pub fn with_caller(call: u32, context: u32, run: impl FnOnce(&mut dyn Filter)) {
        filter::with_caller(call, context, run)
    }

    pub fn end(context: u32) {
        filter::end(context)
    }
}
