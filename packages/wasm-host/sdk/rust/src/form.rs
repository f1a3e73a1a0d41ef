use crate::memory::to_text;

/// A value of `name=value&name=value`, decoded.
pub fn form_value(form: &str, name: &str) -> Option<String> {
    form.split('&').find_map(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(key) == name).then(|| decode(value))
    })
}

fn decode(text: &str) -> String {
    let source = text.as_bytes();
    let mut octets = Vec::with_capacity(source.len());
    let mut at = 0;
    while at < source.len() {
        let escaped = (source[at] == b'%').then(|| source.get(at + 1..at + 3).and_then(hex));
        match (source[at], escaped.flatten()) {
            (_, Some(octet)) => {
                octets.push(octet);
                at += 2;
            }
            (b'+', _) => octets.push(b' '),
            (octet, _) => octets.push(octet),
        }
        at += 1;
    }
    to_text(octets)
}

fn hex(digits: &[u8]) -> Option<u8> {
    let high = (digits[0] as char).to_digit(16)?;
    let low = (digits[1] as char).to_digit(16)?;
    Some((high * 16 + low) as u8)
}
