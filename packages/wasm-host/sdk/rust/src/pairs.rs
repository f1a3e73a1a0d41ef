//! Header maps as they cross the border: u32 count, count × (u32 name size, u32 value size), then name NUL value NUL …

use crate::memory::to_text;

/// Header lines, or keys and values of a secret, in order.
pub type Pairs = Vec<(String, String)>;

pub(crate) fn encode(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = (pairs.len() as u32).to_le_bytes().to_vec();
    for (name, value) in pairs {
        bytes.extend_from_slice(&(name.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
    }
    for (name, value) in pairs {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(0);
    }
    bytes
}

/// What is broken is left out.
pub(crate) fn decode(bytes: &[u8]) -> Pairs {
    let mut pairs = Vec::new();
    let count = number(bytes, 0).unwrap_or(0);
    let mut position = 8usize.saturating_mul(count).saturating_add(4);
    for index in 0..count {
        let sizes = (number(bytes, 4 + 8 * index), number(bytes, 8 + 8 * index));
        let (name_size, value_size) = match sizes {
            (Some(name), Some(value)) => (name, value),
            _ => break,
        };
        let name = bytes.get(position..position.saturating_add(name_size));
        let start = position.saturating_add(name_size).saturating_add(1);
        let value = bytes.get(start..start.saturating_add(value_size));
        match (name, value) {
            (Some(name), Some(value)) => {
                pairs.push((to_text(name.to_vec()), to_text(value.to_vec())))
            }
            _ => break,
        }
        position = start + value_size + 1;
    }
    pairs
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let octets = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes([octets[0], octets[1], octets[2], octets[3]]) as usize)
}
