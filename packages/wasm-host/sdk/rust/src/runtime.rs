//! Layotto's Runtime API: state, events, locks, ids, secrets, configuration, other services. Each call is answered before
//! it returns. What a function may reach is named in its `capabilities`; everything else fails with `InternalFailure`.

use crate::memory::returned;
use crate::pairs::{decode, Pairs};
use crate::raw;
use crate::status::{check, Result, Status};

/// Reads a state; empty: there is no such key.
pub fn get_state(store: &str, key: &str) -> Result<Vec<u8>> {
    returned(|value, size| unsafe {
        raw::proxy_get_state(
            store.as_ptr(),
            store.len(),
            key.as_ptr(),
            key.len(),
            value,
            size,
        )
    })
}

pub fn set_state(store: &str, key: &str, value: impl AsRef<[u8]>) -> Result<()> {
    let value = value.as_ref();
    check(unsafe {
        raw::proxy_set_state(
            store.as_ptr(),
            store.len(),
            key.as_ptr(),
            key.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

pub fn delete_state(store: &str, key: &str) -> Result<()> {
    check(unsafe { raw::proxy_delete_state(store.as_ptr(), store.len(), key.as_ptr(), key.len()) })
}

/// Publishes an event. `content_type` may be "".
pub fn publish(
    component: &str,
    topic: &str,
    data: impl AsRef<[u8]>,
    content_type: &str,
) -> Result<()> {
    let data = data.as_ref();
    check(unsafe {
        raw::proxy_publish_event(
            component.as_ptr(),
            component.len(),
            topic.as_ptr(),
            topic.len(),
            content_type.as_ptr(),
            content_type.len(),
            data.as_ptr(),
            data.len(),
        )
    })
}

/// Takes a lock. `false`: somebody else has it.
pub fn try_lock(store: &str, resource: &str, owner: &str, seconds: u32) -> Result<bool> {
    let mut acquired = 0;
    check(unsafe {
        raw::proxy_try_lock(
            store.as_ptr(),
            store.len(),
            resource.as_ptr(),
            resource.len(),
            owner.as_ptr(),
            owner.len(),
            seconds,
            &mut acquired,
        )
    })?;
    Ok(acquired == 1)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlocked {
    Released,
    NoSuchLock,
    OfSomebodyElse,
    InternalError,
}

pub fn unlock(store: &str, resource: &str, owner: &str) -> Result<Unlocked> {
    let mut result = 0;
    check(unsafe {
        raw::proxy_unlock(
            store.as_ptr(),
            store.len(),
            resource.as_ptr(),
            resource.len(),
            owner.as_ptr(),
            owner.len(),
            &mut result,
        )
    })?;
    Ok(match result {
        0 => Unlocked::Released,
        1 => Unlocked::NoSuchLock,
        2 => Unlocked::OfSomebodyElse,
        _ => Unlocked::InternalError,
    })
}

/// The next id of a sequence.
pub fn next_id(store: &str, key: &str) -> Result<i64> {
    let mut id = 0;
    check(unsafe {
        raw::proxy_get_next_id(
            store.as_ptr(),
            store.len(),
            key.as_ptr(),
            key.len(),
            &mut id,
        )
    })?;
    Ok(id as i64)
}

/// The keys and values of a secret.
pub fn get_secret(store: &str, name: &str) -> Result<Pairs> {
    let bytes = returned(|pairs, size| unsafe {
        raw::proxy_get_secret(
            store.as_ptr(),
            store.len(),
            name.as_ptr(),
            name.len(),
            pairs,
            size,
        )
    })?;
    Ok(decode(&bytes))
}

/// An item of a configuration store; `Ok(None)`: there is none.
pub fn get_configuration_item(store: &str, key: &str) -> Result<Option<Vec<u8>>> {
    let value = returned(|value, size| unsafe {
        raw::proxy_get_configuration_item(
            store.as_ptr(),
            store.len(),
            key.as_ptr(),
            key.len(),
            value,
            size,
        )
    });
    match value {
        Ok(value) => Ok(Some(value)),
        Err(Status::NotFound) => Ok(None),
        Err(status) => Err(status),
    }
}

/// Calls another function, or a service of the mesh, by its id. `method` may be "".
pub fn invoke_service(id: &str, method: &str, data: impl AsRef<[u8]>) -> Result<Vec<u8>> {
    let data = data.as_ref();
    returned(|result, size| unsafe {
        raw::proxy_invoke_service(
            id.as_ptr(),
            id.len(),
            method.as_ptr(),
            method.len(),
            data.as_ptr(),
            data.len(),
            result,
            size,
        )
    })
}

/// Calls a function that only this host has.
pub fn call_foreign_function(name: &str, input: impl AsRef<[u8]>) -> Result<Vec<u8>> {
    let input = input.as_ref();
    returned(|result, size| unsafe {
        raw::proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            input.as_ptr(),
            input.len(),
            result,
            size,
        )
    })
}
