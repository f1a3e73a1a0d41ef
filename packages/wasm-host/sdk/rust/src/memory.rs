//! Memory that crosses the border. The host asks for it by `proxy_on_memory_allocate`; what it returns becomes a `Vec`
//! without a copy, and goes when that is dropped.

use crate::status::{check, Result};
use std::ptr;

/// Memory for the host to write a result to; [`returned`] makes a `Vec` of it.
pub(crate) fn allocate(size: usize) -> *mut u8 {
    let mut memory = Vec::<u8>::new();
    if memory.try_reserve_exact(size).is_err() {
        return ptr::null_mut();
    }
    let address = memory.as_mut_ptr();
    std::mem::forget(memory);
    address
}

/// Makes a call that returns octets.
pub(crate) fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>> {
    let mut address = ptr::null_mut();
    let mut size = 0;
    check(call(&mut address, &mut size))?;
    if address.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // The host got this memory from `allocate` with the same size.
    Ok(unsafe { Vec::from_raw_parts(address, size, size) })
}

/// Text of octets from the host; what is no UTF-8 becomes U+FFFD.
pub(crate) fn to_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
