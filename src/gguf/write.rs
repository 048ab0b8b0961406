//! Lays out a GGUF file: metadata and tensors in the order given, everything but the tensors' data.

/// Where tensors begin, in multiples of this many bytes (GGUF's default).
const ALIGNMENT: u64 = 32;

#[derive(Debug, Clone)]
pub struct Writer {
    /// Key, and the bytes of key, type and value.
    pub(super) values: Vec<(String, Vec<u8>)>,
    n_tensors: u64,
    /// Name, shape, type and offset of each.
    tensors: Vec<u8>,
    data_bytes: u64,
    pub(super) alignment: u64,
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

impl Writer {
    #[expect(clippy::new_without_default, reason = "a file without anything is no default of one")]
    pub fn new() -> Writer {
        Writer {
            values: Vec::new(),
            n_tensors: 0,
            tensors: Vec::new(),
            data_bytes: 0,
            alignment: ALIGNMENT,
        }
    }

    /// Any value: its type's number and its bytes.
    pub fn raw(mut self, key: &str, type_id: u32, bytes: &[u8]) -> Writer {
        let mut value = Vec::new();
        text(&mut value, key);
        value.extend(type_id.to_le_bytes());
        value.extend(bytes);
        self.values.push((key.to_owned(), value));
        self
    }

    pub fn u32(self, key: &str, value: u32) -> Writer {
        self.raw(key, 4, &value.to_le_bytes())
    }

    pub fn f32(self, key: &str, value: f32) -> Writer {
        self.raw(key, 6, &value.to_le_bytes())
    }

    pub fn bool(self, key: &str, value: bool) -> Writer {
        self.raw(key, 7, &[value.into()])
    }

    pub fn str(self, key: &str, value: &str) -> Writer {
        let mut bytes = Vec::new();
        text(&mut bytes, value);
        self.raw(key, 8, &bytes)
    }

    /// An array of `n` values of a type of fixed size.
    pub fn array(self, key: &str, type_id: u32, n: usize, values: &[u8]) -> Writer {
        let mut bytes = type_id.to_le_bytes().to_vec();
        bytes.extend((n as u64).to_le_bytes());
        bytes.extend(values);
        self.raw(key, 9, &bytes)
    }

    pub fn u32s(self, key: &str, values: &[u32]) -> Writer {
        let bytes: Vec<u8> = values.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.array(key, 4, values.len(), &bytes)
    }

    pub fn strs<S: AsRef<str>>(self, key: &str, values: &[S]) -> Writer {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| text(&mut bytes, value.as_ref()));
        self.array(key, 8, values.len(), &bytes)
    }

    /// A tensor of a ggml type, by its number, with so many bytes of data.
    pub fn tensor(mut self, name: &str, dims: &[u64], type_id: u32, bytes: u64) -> Writer {
        text(&mut self.tensors, name);
        self.tensors.extend((dims.len() as u32).to_le_bytes());
        dims.iter().for_each(|n| self.tensors.extend(n.to_le_bytes()));
        self.tensors.extend(type_id.to_le_bytes());
        self.tensors.extend(self.data_bytes.to_le_bytes());
        self.data_bytes = (self.data_bytes + bytes).next_multiple_of(self.alignment);
        self.n_tensors += 1;
        self
    }

    /// Everything before the data, and the length of the whole file.
    pub fn head(&self) -> (Vec<u8>, u64) {
        let mut head = b"GGUF".to_vec();
        head.extend(3u32.to_le_bytes());
        head.extend(self.n_tensors.to_le_bytes());
        head.extend((self.values.len() as u64).to_le_bytes());
        self.values.iter().for_each(|(_, value)| head.extend(value));
        head.extend(&self.tensors);
        if self.n_tensors > 0 {
            head.resize(head.len().next_multiple_of(self.alignment as usize), 0);
        }
        let file_bytes = head.len() as u64 + self.data_bytes;
        (head, file_bytes)
    }

    /// The whole file, with zeros for data.
    pub fn bytes(&self) -> Vec<u8> {
        let (mut bytes, length) = self.head();
        bytes.resize(length as usize, 0);
        bytes
    }
}
