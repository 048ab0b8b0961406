//! What a run watches besides its cells: disturbed samples, and the speed of the machine itself.

use super::child::{Event, Mailbox};
use super::config::nanos;
use super::workers::Interrupted;
use crate::data::{ArmConfig, Disturbance, Limits, ProbeReading, Sample};
use crate::host::MachineProbe;
use crate::stats;
use std::time::{Duration, Instant};

/// The clocks that show a suspension are read one after the other, microseconds apart.
const SUSPENDED_NS_MAX: u64 = 1_000_000;

/// The limit that `sample` of an arm went over, if any; `n_cpus` are the logical CPUs that the run may use.
pub fn disturbance(limits: &Limits, config: &ArmConfig, n_cpus: u32, sample: &Sample) -> Option<Disturbance> {
    let seen = &sample.conditions;
    let wall = sample.timed_ns.max(1) as f64;
    let share = |ns: Option<u64>, of: f64| ns.map(|ns| ns as f64 / of);
    let n_cpus = f64::from(n_cpus.max(1));
    let n_threads = f64::from(config.n_threads.max(1)).min(n_cpus);
    let cpu_share = seen.cpu_ns as f64 / (wall * n_threads);
    // The threads of an arm on a device wait for the device.
    if config.device == "cpu" && cpu_share < limits.cpu_share_min {
        return Some(Disturbance::CpuShare { share: cpu_share });
    }
    if let Some(share) = share(seen.steal_ns, wall * n_cpus).filter(|s| *s > limits.steal_share_max) {
        return Some(Disturbance::Steal { share });
    }
    if let Some(share) = share(seen.throttled_ns, wall).filter(|s| *s > limits.throttled_share_max) {
        return Some(Disturbance::Throttled { share });
    }
    if let Some(ns) = seen.suspended_ns.filter(|ns| *ns > SUSPENDED_NS_MAX) {
        return Some(Disturbance::Suspended { ns });
    }
    let n = seen.n_major_faults;
    (n > limits.n_major_faults_max).then_some(Disturbance::MajorFaults { n })
}

pub struct Watch {
    probe: MachineProbe,
    readings: Vec<ProbeReading>,
    pause_left: Duration,
}

/// Pauses before one round: long enough for a burst to pass, short enough for a slower machine to be accepted.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

impl Watch {
    pub fn new(n_threads: u32, pause_max: Duration) -> Self {
        Watch {
            probe: MachineProbe::new(n_threads),
            readings: Vec::new(),
            pause_left: pause_max,
        }
    }

    /// Reads the probe; while the machine is slower than `drift_max` allows, pauses and reads again. Out: the last
    /// reading, and the time spent on pauses.
    pub fn before_round(&mut self, drift_max: f64, mailbox: &Mailbox) -> Result<(ProbeReading, u64), Interrupted> {
        let mut reading = self.probe.read();
        let start = Instant::now();
        let mut has_paused = false;
        for pause in PAUSES {
            if pause > self.pause_left || !has_drifted(&self.readings, &reading, drift_max) {
                break;
            }
            self.pause_left -= pause;
            has_paused = true;
            pause_for(pause, mailbox)?;
            reading = self.probe.read();
        }
        self.readings.push(reading);
        Ok((reading, if has_paused { nanos(start) } else { 0 }))
    }
}

/// Whether one half of the kernel took longer than in the median of the rounds before, by more than `drift_max`.
fn has_drifted(before: &[ProbeReading], now: &ProbeReading, drift_max: f64) -> bool {
    let slower = |half: fn(&ProbeReading) -> u64| {
        let past: Vec<f64> = before.iter().map(|r| half(r) as f64).collect();
        stats::median(&past).is_some_and(|median| half(now) as f64 > median * (1.0 + drift_max))
    };
    slower(|r| r.read_ns) || slower(|r| r.product_ns)
}

fn pause_for(pause: Duration, mailbox: &Mailbox) -> Result<(), Interrupted> {
    let end = Instant::now() + pause;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match mailbox.receiver.recv_timeout(left) {
            Ok(Event::Interrupt) => return Err(Interrupted),
            // A worker that ends meanwhile is found out when it is asked.
            Ok(_) => {}
            Err(_) => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{SampleConditions, Seen};

    fn config() -> ArmConfig {
        ArmConfig {
            n_threads: 4,
            n_batch: 512,
            n_ctx: 256,
            ..ArmConfig::default()
        }
    }

    fn judged(config: &ArmConfig, n_cpus: u32, conditions: SampleConditions) -> Option<Disturbance> {
        let sample = Sample {
            n_repeat: 1,
            timed_ns: 1_000_000_000,
            warmup_ns: 0,
            itl_ns: Vec::new(),
            conditions,
            seen: Seen::Time { ns: 1_000_000_000 },
        };
        disturbance(&Limits::default(), config, n_cpus, &sample)
    }

    #[test]
    fn every_limit_strikes_only_beyond_itself() {
        let quiet = SampleConditions {
            cpu_ns: 3_800_000_000,
            n_major_faults: 10,
            steal_ns: Some(200_000_000),
            throttled_ns: Some(50_000_000),
            suspended_ns: Some(1_000_000),
            ..SampleConditions::default()
        };
        assert_eq!(judged(&config(), 4, quiet), None);
        let with = |change: fn(&mut SampleConditions)| {
            let mut seen = quiet;
            change(&mut seen);
            judged(&config(), 4, seen)
        };
        assert_eq!(
            with(|s| s.cpu_ns = 3_000_000_000),
            Some(Disturbance::CpuShare { share: 0.75 })
        );
        assert_eq!(
            with(|s| s.steal_ns = Some(400_000_000)),
            Some(Disturbance::Steal { share: 0.1 })
        );
        assert_eq!(
            with(|s| s.throttled_ns = Some(500_000_000)),
            Some(Disturbance::Throttled { share: 0.5 })
        );
        assert_eq!(
            with(|s| s.n_major_faults = 11),
            Some(Disturbance::MajorFaults { n: 11 })
        );
        assert_eq!(
            with(|s| s.suspended_ns = Some(2_000_000_000)),
            Some(Disturbance::Suspended { ns: 2_000_000_000 })
        );
    }

    #[test]
    fn cpu_time_is_not_asked_of_devices_nor_of_more_threads_than_cpus() {
        let half = SampleConditions {
            cpu_ns: 2_000_000_000,
            ..SampleConditions::default()
        };
        assert!(judged(&config(), 4, half).is_some());
        assert_eq!(judged(&config(), 2, half), None);
        let on_device = ArmConfig {
            device: "CUDA0".to_owned(),
            ..config()
        };
        assert_eq!(judged(&on_device, 4, half), None);
    }

    #[test]
    fn drift_is_judged_against_the_median_of_the_rounds_before() {
        let reading = |read_ns, product_ns| ProbeReading {
            n_bytes: 1,
            read_ns,
            n_flop: 1,
            product_ns,
        };
        let past = [reading(100, 50), reading(102, 50), reading(500, 51)];
        assert!(!has_drifted(&[], &reading(900, 900), 0.1));
        assert!(!has_drifted(&past, &reading(112, 55), 0.1));
        assert!(has_drifted(&past, &reading(113, 50), 0.1));
        assert!(has_drifted(&past, &reading(100, 56), 0.1));
    }
}
