//! What processes have used: time on the processors, and memory at its peak.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::{SysconfVar, sysconf};

/// Time that this process has spent on processors, in user mode and in the kernel.
pub fn own_cpu() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return Duration::ZERO;
    };
    let micros = |time: nix::sys::time::TimeVal| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
        seconds * 1_000_000 + u64::try_from(time.tv_usec()).unwrap_or(0)
    };
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
}

/// The most memory that this process has had, in bytes.
///
/// Linux counts it per program; what getrusage(2) says there begins with the memory of whoever
/// started this one.
pub fn own_peak_memory() -> Option<u64> {
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        return Some(kibibytes * 1024);
    }
    let most = getrusage(UsageWho::RUSAGE_SELF).ok()?.max_rss();
    u64::try_from(most).ok().map(|kibibytes| kibibytes * 1024)
}

/// Time that a server has spent on processors: the process, its children, and those of its children
/// that have ended. `None` where the system does not tell.
pub fn server_cpu(pid: i32) -> Option<Duration> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        ticks += ticks_of(&stat, pid).unwrap_or(0);
    }
    let per_second = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok()?;
    Some(Duration::from_millis(ticks * 1000 / per_second))
}

/// The ticks in a line of proc_pid_stat(5) that count for the server.
fn ticks_of(stat: &str, server: i32) -> Option<u64> {
    let pid: i32 = stat.split_once(' ')?.0.parse().ok()?;
    // The name may hold anything, blanks and parentheses too.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let parent: i32 = fields.get(1)?.parse().ok()?;
    let own = number(11)? + number(12)?;
    if pid == server {
        Some(own + number(13)? + number(14)?)
    } else if parent == server {
        Some(own)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_a_server_and_its_children() {
        let line = |pid, parent| {
            format!("{pid} (a) b (c)) S {parent} 1 1 0 -1 4194560 9 0 0 0 30 12 500 70 20 0 1 0")
        };
        assert_eq!(ticks_of(&line(7, 1), 7), Some(612));
        assert_eq!(ticks_of(&line(9, 7), 7), Some(42));
        assert_eq!(ticks_of(&line(9, 1), 7), None);
        assert_eq!(ticks_of("7", 7), None);
    }

    #[test]
    fn knows_itself() {
        assert!(own_peak_memory().is_some_and(|bytes| bytes > 1 << 20));
        let busy = own_cpu();
        while own_cpu() == busy {}
    }
}
