//! The machine probe: a fixed piece of work whose duration shows the speed of the machine itself.
//!
//! Reading memory is what bounds decoding, products of matrices what bounds prefill. Both come from well-kept crates
//! (memchr's scan, the f32 kernel behind nalgebra), so they run at the speed of compiled vector code whatever profile kvant
//! has; the figures are this machine's speeds with those kernels, not its data sheet.

use crate::data::ProbeReading;
use nalgebra::DMatrix;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// Bytes that are read, over all threads: more than most caches hold.
const N_BYTES: usize = 128 << 20;
const N_READS: u64 = 6;
const N_ROWS: usize = 384;
const N_PRODUCTS: u64 = 32;

/// The buffers of all threads, kept between readings.
pub(crate) struct MachineProbe {
    threads: Vec<Buffers>,
}

struct Buffers {
    memory: Vec<u8>,
    a: DMatrix<f32>,
    b: DMatrix<f32>,
    product: DMatrix<f32>,
}

impl MachineProbe {
    /// Buffers for `n_threads` threads, 128 MiB in all.
    pub(crate) fn new(n_threads: u32) -> Self {
        let n = n_threads.max(1) as usize;
        let matrix = || DMatrix::repeat(N_ROWS, N_ROWS, 0.5);
        let buffers = || Buffers {
            // Ones, because the kernel maps untouched zeros to one and the same page.
            memory: vec![1; N_BYTES / n],
            a: matrix(),
            b: matrix(),
            product: matrix(),
        };
        MachineProbe {
            threads: (0..n).map(|_| buffers()).collect(),
        }
    }

    /// Runs the kernel once: about 100 ms.
    pub(crate) fn read(&mut self) -> ProbeReading {
        let n = self.threads.len() as u64;
        let read_ns = timed(&mut self.threads, |own| {
            for _ in 0..N_READS {
                std::hint::black_box(memchr::memchr(2, std::hint::black_box(&own.memory)));
            }
        });
        let product_ns = timed(&mut self.threads, |own| {
            for _ in 0..N_PRODUCTS {
                own.product.gemm(1.0, &own.a, &own.b, 0.0);
            }
        });
        ProbeReading {
            n_bytes: (N_BYTES as u64 / n) * n * N_READS,
            read_ns,
            n_flop: 2 * (N_ROWS as u64).pow(3) * N_PRODUCTS * n,
            product_ns,
        }
    }
}

fn timed(threads: &mut [Buffers], work: impl Fn(&mut Buffers) + Sync) -> u64 {
    let start = Instant::now();
    let n = threads.len();
    let left = Mutex::new(threads.iter_mut());
    let one = || {
        let own = left.lock().unwrap_or_else(PoisonError::into_inner).next();
        if let Some(own) = own {
            work(own);
        }
    };
    thread::scope(|scope| {
        for _ in 0..n {
            // Where the system gives no more threads, this one does the work.
            if thread::Builder::new().spawn_scoped(scope, one).is_err() {
                one();
            }
        }
    });
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::MachineProbe;

    #[test]
    fn a_reading_counts_the_work_of_all_threads() {
        let reading = MachineProbe::new(2).read();
        assert_eq!(reading.n_bytes, 6 * 128 * 1024 * 1024);
        assert_eq!(reading.n_flop, 2 * 2 * 384 * 384 * 384 * 32);
        assert!(reading.read_ns > 0 && reading.product_ns > 0);
    }
}
