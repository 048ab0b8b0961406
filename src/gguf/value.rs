//! Typed metadata values.

/// GGUF's numbers of the types that are no plain numbers.
const BOOL: u32 = 7;
pub(super) const STRING: u32 = 8;
pub(super) const ARRAY: u32 = 9;

macro_rules! values {
    ($($id:literal = $variant:ident($ty:ty);)+) => {
        #[derive(Debug, Clone, PartialEq)]
        pub enum Value {
            $($variant($ty),)+
            Bool(bool),
            /// Bytes that are not UTF-8 are replaced by U+FFFD.
            String(String),
            Array(Array),
        }

        /// Bytes of a value of GGUF's type `id`; `None` for texts, arrays, and what is no type.
        pub(super) fn n_bytes(id: u32) -> Option<u64> {
            match id {
                $($id => Some(size_of::<$ty>() as u64),)+
                BOOL => Some(1),
                _ => None,
            }
        }

        impl Value {
            /// The value of a type of fixed size from exactly its bytes.
            pub(super) fn from_bytes(id: u32, bytes: &[u8]) -> Option<Value> {
                Some(match id {
                    $($id => Value::$variant(<$ty>::from_le_bytes(bytes.try_into().ok()?)),)+
                    BOOL => Value::Bool(*bytes.first()? != 0),
                    _ => return None,
                })
            }
        }
    };
}

values! {
    0 = U8(u8);
    1 = I8(i8);
    2 = U16(u16);
    3 = I16(i16);
    4 = U32(u32);
    5 = I32(i32);
    6 = F32(f32);
    10 = U64(u64);
    11 = I64(i64);
    12 = F64(f64);
}

/// An array. Long ones and arrays of strings (vocabularies) keep only their length.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub(super) element: u32,
    pub len: u64,
    /// The elements as in the file, if kept.
    pub(super) bytes: Option<Box<[u8]>>,
    /// Checksum of all texts with their lengths, for arrays of strings.
    pub(super) crc: Option<u32>,
}

impl Array {
    /// The elements as whole numbers; `None` if they are not kept or not whole numbers of at least 0.
    pub(crate) fn to_u64s(&self) -> Option<Vec<u64>> {
        let n = usize::try_from(n_bytes(self.element)?).ok()?;
        let chunks = self.bytes.as_deref()?.chunks_exact(n);
        chunks
            .map(|chunk| Value::from_bytes(self.element, chunk)?.as_u64())
            .collect()
    }
}

impl Value {
    /// A whole number of at least 0, of any integer type.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        match *self {
            Value::U8(v) => Some(v.into()),
            Value::U16(v) => Some(v.into()),
            Value::U32(v) => Some(v.into()),
            Value::U64(v) => Some(v),
            Value::I8(v) => v.try_into().ok(),
            Value::I16(v) => v.try_into().ok(),
            Value::I32(v) => v.try_into().ok(),
            Value::I64(v) => v.try_into().ok(),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(v) => Some(*v),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(v) => Some(v),
            _ => None,
        }
    }
}
