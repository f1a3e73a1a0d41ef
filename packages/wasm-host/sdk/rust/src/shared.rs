//! Data, queues and metrics that the instances of a function share.

use crate::memory::returned;
use crate::raw;
use crate::status::{check, Result, Status};

/// A shared value and its compare-and-swap number.
pub struct Shared {
    pub value: Vec<u8>,
    /// For [`set_shared`]: changes with every write.
    pub cas: u32,
}

/// A shared value; `Ok(None)`: there is none.
pub fn get_shared(key: &str) -> Result<Option<Shared>> {
    let mut cas = 0;
    let value = returned(|value, size| unsafe {
        raw::proxy_get_shared_data(key.as_ptr(), key.len(), value, size, &mut cas)
    });
    match value {
        Ok(value) => Ok(Some(Shared { value, cas })),
        Err(Status::NotFound) => Ok(None),
        Err(status) => Err(status),
    }
}

/// Writes a shared value. `cas` of the value that was read; 0: whatever is there. Fails with [`Status::CasMismatch`] when
/// somebody else has written meanwhile.
pub fn set_shared(key: &str, value: impl AsRef<[u8]>, cas: u32) -> Result<()> {
    let value = value.as_ref();
    check(unsafe {
        raw::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas)
    })
}

/// Makes a queue, or finds it; [`crate::on_queue_ready`] is called when something comes in.
pub fn register_queue(name: &str) -> Result<u32> {
    let mut queue = 0;
    check(unsafe { raw::proxy_register_shared_queue(name.as_ptr(), name.len(), &mut queue) })?;
    Ok(queue)
}

/// Finds a queue of another function.
pub fn resolve_queue(vm_id: &str, name: &str) -> Result<u32> {
    let mut queue = 0;
    check(unsafe {
        raw::proxy_resolve_shared_queue(
            vm_id.as_ptr(),
            vm_id.len(),
            name.as_ptr(),
            name.len(),
            &mut queue,
        )
    })?;
    Ok(queue)
}

pub fn enqueue(queue: u32, value: impl AsRef<[u8]>) -> Result<()> {
    let value = value.as_ref();
    check(unsafe { raw::proxy_enqueue_shared_queue(queue, value.as_ptr(), value.len()) })
}

/// The next value of a queue; `Ok(None)`: it is empty.
pub fn dequeue(queue: u32) -> Result<Option<Vec<u8>>> {
    match returned(|value, size| unsafe { raw::proxy_dequeue_shared_queue(queue, value, size) }) {
        Ok(value) => Ok(Some(value)),
        Err(Status::Empty) => Ok(None),
        Err(status) => Err(status),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

/// A figure that the host shows among its metrics.
#[derive(Clone, Copy)]
pub struct Metric(u32);

impl Metric {
    pub fn new(kind: MetricKind, name: &str) -> Result<Metric> {
        let mut id = 0;
        check(unsafe {
            raw::proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &mut id)
        })?;
        Ok(Metric(id))
    }

    /// Counters and gauges.
    pub fn add(self, offset: i64) -> Result<()> {
        check(unsafe { raw::proxy_increment_metric(self.0, offset) })
    }

    /// Gauges and histograms.
    pub fn record(self, value: u64) -> Result<()> {
        check(unsafe { raw::proxy_record_metric(self.0, value) })
    }

    pub fn value(self) -> Result<u64> {
        let mut value = 0;
        check(unsafe { raw::proxy_get_metric(self.0, &mut value) })?;
        Ok(value)
    }
}
