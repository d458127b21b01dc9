//! What is measured on, and how: the processor, the CPU time of a process, and the part of a core that it may use.

use std::fs;
use std::path::{Path, PathBuf};

/// The processor, its cores, and how busy the machine is.
pub(crate) fn described() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("a processor without a name", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("?");
    format!("{model}, {cores} cores, load {load} before the first measurement")
}

/// User and system time of a process so far, in seconds (proc(5): fields 14 and 15, in hundredths).
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / 100.0
}

/// A group of processes that may use a part of a core: a control group of Linux, removed when this is dropped.
pub(crate) struct CpuQuota(PathBuf);

impl CpuQuota {
    /// AWS Lambda gives its time in periods of 20 ms, and a whole core at 1,769 MB (AWS Lambda Developer Guide, "Configure
    /// Lambda function memory"). `None` where no control group may be made: without root, or in many containers.
    pub(crate) fn of_memory(megabytes: u64) -> Option<Self> {
        const PERIOD: u64 = 20_000;
        let quota = (PERIOD * megabytes / 1_769).min(PERIOD);
        let name = format!("insights-to-braze-bench-{}-{megabytes}", std::process::id());
        let first = Path::new("/sys/fs/cgroup/cpu").join(&name);
        if fs::create_dir(&first).is_ok() {
            let group = Self(first);
            let period = fs::write(group.0.join("cpu.cfs_period_us"), PERIOD.to_string());
            let quota = fs::write(group.0.join("cpu.cfs_quota_us"), quota.to_string());
            return (period.is_ok() && quota.is_ok()).then_some(group);
        }
        let second = Path::new("/sys/fs/cgroup").join(&name);
        fs::create_dir(&second).ok()?;
        let group = Self(second);
        fs::write(group.0.join("cpu.max"), format!("{quota} {PERIOD}")).is_ok().then_some(group)
    }

    /// Puts a process into the group.
    pub(crate) fn limit(&self, process: u32) {
        fs::write(self.0.join("cgroup.procs"), process.to_string()).unwrap();
    }
}

impl Drop for CpuQuota {
    fn drop(&mut self) {
        // A group can be removed when its last process has been reaped.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
