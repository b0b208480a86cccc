//! A command that runs while a test does other things.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
};

use super::world::PATIENCE;

/// A command that runs. Killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    /// What it has said on standard error so far.
    pub(crate) said: Vec<String>,
}

impl Running {
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, said: Vec::new() }
    }

    /// Reads on until a line is the one; `false` if it ends before.
    pub(crate) fn until(&mut self, mut is_it: impl FnMut(&str) -> bool) -> bool {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let found = is_it(&line);
                    self.said.push(line);
                    if found {
                        return true;
                    }
                }
                Err(Disconnected) => return false,
                Err(Timeout) => panic!("it says nothing any more:\n{}", self.said.join("\n")),
            }
        }
    }

    /// What it has said up to now, without waiting for more.
    pub(crate) fn said_so_far(&mut self) -> &[String] {
        self.said.extend(self.lines.try_iter());
        &self.said
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it as the power does, and waits until it has.
    pub(crate) fn kill_now(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as the power does.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.end().1
    }

    /// Sends it a signal, such as `-TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Asks it to end.
    pub(crate) fn terminate(mut self) -> (i32, Vec<String>) {
        self.signal("-TERM");
        self.end()
    }

    /// Waits for its end: its exit code (-1 for a signal) and what it said.
    pub(crate) fn end(&mut self) -> (i32, Vec<String>) {
        self.until(|_| false);
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        (code, std::mem::take(&mut self.said))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
