//! A program of the operator's choice, started without a shell and with a clean environment.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command as Process};
use tokio::time::timeout;

use super::TIMEOUT;
use crate::text::printable;

/// So much of what the program complains about is kept for the log.
const MAX_COMPLAINT_BYTES: u64 = 2048;

/// The program and its arguments; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::daemon) struct Command(pub(in crate::daemon) Vec<String>);

impl Command {
    /// Runs the program to its end, with the message on stdin. It is told by ending with 0.
    pub(super) async fn run(&self, body: &str) -> Result<(), String> {
        let Some((program, arguments)) = self.0.split_first() else {
            return Err("there is no program".to_owned());
        };
        let mut child = Process::new(program)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // A group of its own, so that what it starts ends with it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{program} can't be started: {error}"))?;
        let group = child
            .id()
            .and_then(|it| i32::try_from(it).ok())
            .and_then(Pid::from_raw);
        let guard = Group(group);
        let ended = timeout(TIMEOUT, talk(&mut child, body)).await;
        drop(guard);
        ended.unwrap_or_else(|_| Err(format!("did not end within {} s", TIMEOUT.as_secs())))
    }
}

/// The processes of a program. Whatever is left of them goes when this is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Mostly there is nobody left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn talk(child: &mut Child, body: &str) -> Result<(), String> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A program may end without having read it all.
            let _ = stdin.write_all(body.as_bytes()).await;
        }
    };
    let read = async {
        let mut complaint = Vec::new();
        if let Some(mut stderr) = stderr {
            let mut beginning = (&mut stderr).take(MAX_COMPLAINT_BYTES);
            let _ = beginning.read_to_end(&mut complaint).await;
            // A full pipe would stop the program.
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
        printable(&String::from_utf8_lossy(&complaint))
    };
    let ((), complaint) = tokio::join!(write, read);
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{status}: {complaint}")),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        Command(["/bin/sh", "-c", script].map(str::to_owned).to_vec())
    }

    #[tokio::test]
    async fn a_program_gets_the_message_and_no_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("said");
        let script = format!("cat > {0}; test -z \"$HOME$USER\"", file.display());
        shell(&script).run("{\"a\":1}").await.unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"a\":1}");
    }

    #[tokio::test]
    async fn a_program_that_fails_says_why() {
        let why = shell("echo no $'\\033' luck >&2; exit 3")
            .run("")
            .await
            .unwrap_err();
        assert!(why.contains('3') && why.contains("luck"), "{why}");
        assert!(!why.contains('\u{1b}'), "{why}");
        let why = Command(vec!["/no/such/program".to_owned()])
            .run("")
            .await
            .unwrap_err();
        assert!(why.contains("can't be started"), "{why}");
    }

    #[tokio::test]
    async fn a_program_that_reads_nothing_and_talks_much_ends_all_the_same() {
        let script = "i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done";
        shell(script).run(&"x".repeat(1_000_000)).await.unwrap();
    }
}
