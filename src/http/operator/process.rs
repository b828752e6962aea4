//! What this process uses, by the names that every exporter of Prometheus gives it
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>). On Linux; nothing elsewhere.

/// Reads it anew.
#[cfg(target_os = "linux")]
pub(super) fn measure() {
    use metrics::{counter, gauge};

    static DESCRIBED: std::sync::Once = std::sync::Once::new();
    DESCRIBED.call_once(describe);
    match look() {
        Ok(process) => {
            counter!("process_cpu_seconds_total").absolute(process.cpu_seconds);
            gauge!("process_resident_memory_bytes").set(process.resident_bytes as f64);
            gauge!("process_virtual_memory_bytes").set(process.virtual_bytes as f64);
            gauge!("process_open_fds").set(process.open_files as f64);
            gauge!("process_threads").set(process.threads as f64);
            gauge!("process_start_time_seconds").set(process.started_at);
            // Unlimited is said by leaving it out.
            if let Some(most) = process.most_files {
                gauge!("process_max_fds").set(most as f64);
            }
        }
        Err(error) => tracing::debug!(%error, "what this process uses cannot be read"),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn measure() {}

/// Says what each is.
#[cfg(target_os = "linux")]
fn describe() {
    use metrics::{describe_counter, describe_gauge};

    describe_counter!(
        "process_cpu_seconds_total",
        "Processor time in whole seconds, of the program and of the system for it"
    );
    describe_gauge!("process_resident_memory_bytes", "Memory that is in use, in bytes");
    describe_gauge!("process_virtual_memory_bytes", "Memory that is addressed, in bytes");
    describe_gauge!("process_open_fds", "File descriptors open");
    describe_gauge!("process_max_fds", "File descriptors that may be open");
    describe_gauge!("process_threads", "Threads");
    describe_gauge!("process_start_time_seconds", "When it started, in seconds since 1970");
}

#[cfg(target_os = "linux")]
struct Process {
    cpu_seconds: u64,
    resident_bytes: u64,
    virtual_bytes: u64,
    open_files: usize,
    most_files: Option<u64>,
    threads: i64,
    started_at: f64,
}

#[cfg(target_os = "linux")]
fn look() -> procfs::ProcResult<Process> {
    use procfs::process::{LimitValue, Process as Proc};
    use procfs::{boot_time_secs, page_size, ticks_per_second};

    let process = Proc::myself()?;
    let stat = process.stat()?;
    let ticks = ticks_per_second();
    let most_files = match process.limits()?.max_open_files.soft_limit {
        LimitValue::Value(most) => Some(most),
        LimitValue::Unlimited => None,
    };
    Ok(Process {
        cpu_seconds: (stat.utime + stat.stime) / ticks,
        resident_bytes: stat.rss * page_size(),
        virtual_bytes: stat.vsize,
        open_files: process.fd_count()?,
        most_files,
        threads: stat.num_threads,
        started_at: boot_time_secs()? as f64 + stat.starttime as f64 / ticks as f64,
    })
}
