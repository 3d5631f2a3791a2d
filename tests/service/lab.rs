//! A company whose service runs.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::ops::Deref;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};

use crate::world::{Row, World};

/// Far longer than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(90);

/// A world with a service that polls each second.
pub struct Lab {
    pub world: World,
}

/// What a service is told beside the accounts.
pub const EACH_SECOND: &str =
    "[daemon]\nschedule = \"* * * * * *\"\njitter = \"0s\"\nlisten = \"127.0.0.1:0\"\n";

impl Lab {
    pub fn new(rows: &[Row<'_>]) -> Lab {
        Lab::with(rows, EACH_SECOND)
    }

    /// With other sections before the accounts.
    pub fn with(rows: &[Row<'_>], sections: &str) -> Lab {
        let world = World::new(rows);
        world.configure(&format!("{sections}{}", world.account("acme", "acme")));
        Lab { world }
    }

    /// Changes the CRM, by one statement: a service may read at any moment.
    pub fn crm(&self, sql: &str) {
        let url = format!("sqlite:{}", self.world.path("crm.db").display());
        runtime().block_on(async {
            let mut conn = SqliteConnection::connect(&url).await.unwrap();
            conn.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
            conn.close().await.unwrap();
        });
    }

    pub fn start(&self) -> Service {
        self.start_with(&[])
    }

    /// Starts the service with these variables.
    pub fn start_with(&self, variables: &[(&str, &str)]) -> Service {
        let mut command = self.world.command("run");
        command.envs(variables.iter().copied());
        Lab::spawn(command)
    }

    /// Starts the service by these words, which are to execute those that follow them.
    pub fn start_by(&self, words: &[&str]) -> Service {
        Lab::spawn(self.by(words, "run"))
    }

    /// The command of that line, to be executed by these words.
    pub fn by(&self, words: &[&str], line: &str) -> Command {
        let inner = self.world.command(line);
        let Some((first, rest)) = words.split_first() else {
            return inner;
        };
        let mut command = Command::new(first);
        command
            .args(rest)
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(self.world.dir())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("USER", "tester")
            .stdin(Stdio::null());
        command
    }

    fn spawn(mut command: Command) -> Service {
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let window = Window::default();
        let (stderr, lines) = (child.stderr.take().unwrap(), window.clone());
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.write(&format!("{line}\n"));
            }
        });
        Service { child, window }
    }
}

/// A process that is ended with the test.
pub struct Service {
    child: Child,
    window: Window,
}

impl Deref for Service {
    type Target = Window;

    fn deref(&self) -> &Window {
        &self.window
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

impl Service {
    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    pub fn wait_for_end(&mut self) -> ExitStatus {
        let mut status = None;
        until("the service ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    #[track_caller]
    pub fn expect_end(&mut self, code: i32) {
        assert_eq!(self.wait_for_end().code(), Some(code), "{}", self.log());
    }

    pub fn stop(&mut self) {
        self.signal(Signal::SIGTERM);
        self.expect_end(0);
    }
}

/// What a service shows: its log, and its web.
#[derive(Clone, Default)]
pub struct Window {
    log: Arc<Mutex<String>>,
}

impl Window {
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn write(&self, text: &str) {
        self.log.lock().unwrap().push_str(text);
    }

    pub fn wait_for_log(&self, text: &str) {
        until(text, || self.log().contains(text));
    }

    /// Where the web is served: the last address in the log.
    pub fn port(&self) -> u16 {
        let mut port = None;
        until("an address", || {
            let log = self.log();
            let line = log.lines().rev().find(|it| it.contains("are served"));
            port = line.and_then(|it| it.rsplit(':').next()?.trim().parse().ok());
            port.is_some()
        });
        port.unwrap()
    }

    /// Asks for a path with these headers beside `Host`; status and body.
    pub fn ask(&self, path: &str, host: &str, headers: &[&str]) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let more: String = headers.iter().map(|it| format!("{it}\r\n")).collect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, unchunked(head, body))
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        self.ask(path, "localhost", &[])
    }

    /// `/api/status`.
    pub fn status(&self) -> Value {
        let (status, body) = self.get("/api/status");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The state of the first account.
    pub fn state(&self) -> String {
        let status = self.status();
        status["accounts"][0]["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub fn wait_for_state(&self, state: &str) {
        until(state, || self.state() == state);
    }

    /// The value of a metric with these labels.
    pub fn metric(&self, sample: &str) -> Option<f64> {
        let (_, text) = self.get("/metrics");
        let line = text
            .lines()
            .find_map(|it| it.strip_prefix(sample)?.strip_prefix(' '));
        line.map(|it| it.parse().unwrap())
    }
}

fn unchunked(head: &str, body: &str) -> String {
    if !head.to_lowercase().contains("transfer-encoding: chunked") {
        return body.to_owned();
    }
    let (mut text, mut rest) = (String::new(), body);
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        text.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    text
}

/// Waits until it is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < DEADLINE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sees that it stays so: for longer than the loop needs to look around and to try again.
#[track_caller]
pub fn stays(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(4) {
        assert!(is_so(), "no longer: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// What systemd hears.
pub struct Ear {
    socket: UnixDatagram,
    pub path: String,
    heard: Vec<String>,
}

impl Ear {
    pub fn at(lab: &Lab) -> Ear {
        let path = lab.world.path("notify.sock").display().to_string();
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        Ear {
            socket,
            path,
            heard: Vec::new(),
        }
    }

    /// All messages so far.
    pub fn heard(&mut self) -> &[String] {
        let mut buffer = [0; 4096];
        while let Ok(len) = self.socket.recv(&mut buffer) {
            self.heard
                .push(String::from_utf8(buffer[..len].to_vec()).unwrap());
        }
        &self.heard
    }

    pub fn wait_for(&mut self, text: &str) {
        until(text, || self.heard().iter().any(|it| it.contains(text)));
    }
}

/// Writes a secret file into the world.
pub fn token_file(lab: &Lab, name: &str, text: &str) -> String {
    lab.world.secret(name, text);
    lab.world.path(&format!("{name}.token")).display().to_string()
}

/// All that is in a file; nothing if it is not there.
pub fn content(lab: &Lab, name: &str) -> String {
    fs::read_to_string(lab.world.path(name)).unwrap_or_default()
}
