//! The built binary as a process, with its output line by line.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

use crate::canary;

/// How long anything may take before the test says that it never came.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const KEYWARD: &str = env!("CARGO_BIN_EXE_keyward");

/// A folder of one test, and the commands in it.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The binary in this folder, with nothing of the environment of whoever runs the tests.
    pub(crate) fn keyward(&self, arguments: &[&str]) -> Command {
        self.command(KEYWARD.as_ref(), arguments)
    }

    /// The same with another binary.
    pub(crate) fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir(self.0.path());
        command
    }

    /// `keyward serve` on a free port, telling its log all that it does.
    pub(crate) fn serve(&self) -> Command {
        let mut command = self.keyward(&["serve", "--data", "data", "--listen", "127.0.0.1:0"]);
        command.env("KEYWARD_LOG_LEVEL", "trace");
        command
    }

    /// `keyward init`, which must succeed: its output as JSON.
    pub(crate) fn init(&self, arguments: &[&str]) -> Value {
        let ended = end(self.keyward(&["init", "--data", "data", "--json"]).args(arguments));
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        let printed: Value = serde_json::from_str(&ended.stdout).unwrap();
        for secret in ["client_secret", "verify_key"].iter().filter_map(|name| printed[name].as_str()) {
            assert_eq!(ended.stdout.matches(secret).count(), 1, "it is printed once");
        }
        printed
    }
}

/// The folder goes when nobody writes into it any more: processes are started after it, and so dropped before.
impl Drop for Place {
    fn drop(&mut self) {
        canary::search(self.0.path());
    }
}

/// Runs a command to its end.
pub(crate) fn end(command: &mut Command) -> Ended {
    Running::start(command).wait()
}

/// Runs a command that must refuse, and say why without a word on standard output.
#[track_caller]
pub(crate) fn refusal(command: &mut Command) -> String {
    let ended = end(command);
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{}", ended.stderr);
    ended.stderr
}

/// A process that has ended, and all that it said.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Stream {
    Out,
    Error,
}

/// A process, killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<(Stream, String)>,
    seen: Vec<(Stream, String)>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        canary::given(command);
        let (sender, lines) = channel();
        let out = forward(Stream::Out, child.stdout.take().unwrap(), sender.clone());
        let error = forward(Stream::Error, child.stderr.take().unwrap(), sender);
        Self { child, lines, seen: Vec::new(), readers: vec![out, error] }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line with this in it.
    #[track_caller]
    pub(crate) fn line_with(&mut self, part: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok((stream, line)) => {
                    self.seen.push((stream, line.clone()));
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(why) => {
                    panic!("no line with {part:?} came ({why}):\n{}\n{}", self.said(Stream::Out), self.stderr())
                }
            }
        }
    }

    /// Waits until the server is ready, and says where it listens.
    #[track_caller]
    pub(crate) fn address(&mut self) -> String {
        let ready: Value = serde_json::from_str(&self.line_with("Keyward is ready")).unwrap();
        ready["listen"].as_str().unwrap().to_owned()
    }

    /// Waits until the server is ready, and says where it listens; none if it ends before that.
    pub(crate) fn address_if_ready(&mut self) -> Option<String> {
        while let Ok((stream, line)) = self.lines.recv_timeout(PATIENCE) {
            let ready = line.contains("Keyward is ready").then(|| serde_json::from_str::<Value>(&line).unwrap());
            self.seen.push((stream, line));
            if let Some(ready) = ready {
                return Some(text(&ready, "listen").to_owned());
            }
        }
        None
    }

    /// What was read of standard error so far.
    pub(crate) fn stderr(&self) -> String {
        self.said(Stream::Error)
    }

    /// What was read of standard output so far.
    pub(crate) fn stdout(&self) -> String {
        self.said(Stream::Out)
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Tells it to stop, and waits for that.
    #[track_caller]
    pub(crate) fn stop(self) -> Ended {
        self.signal("TERM");
        self.wait()
    }

    /// Reads to the end.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Ended {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.stderr()),
            }
        }
        let code = self.child.wait().unwrap().code();
        Ended { code, stdout: self.stdout(), stderr: self.stderr() }
    }

    fn said(&self, wanted: Stream) -> String {
        let lines = self.seen.iter().filter(|(stream, _)| *stream == wanted);
        lines.map(|(_, line)| format!("{line}\n")).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, or it must now.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What was said last is read too, before it is searched.
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

fn forward(stream: Stream, from: impl Read + Send + 'static, to: Sender<(Stream, String)>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            match stream {
                Stream::Out => canary::printed(&line),
                Stream::Error => canary::logged(&line),
            }
            // Nobody may be listening any more.
            let _ = to.send((stream, line));
        }
    })
}

/// Sends a signal by the shell, whose `kill` is built in.
pub(crate) fn signal(process: u32, name: &str) {
    let command = format!("kill -{name} {process}");
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success(), "{command}");
}

/// The permissions of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

/// A member of an object, as text.
#[track_caller]
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}
