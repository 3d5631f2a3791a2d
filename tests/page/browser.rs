//! A real browser, without a window, spoken to by the DevTools protocol over pipes: no port, no library.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How people see the page.
#[derive(Clone, Copy)]
pub struct Screen {
    pub width: u32,
    /// `light` or `dark`.
    pub scheme: &'static str,
}

/// Ends with the test; its profile goes with it.
pub struct Browser {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next_id: u64,
    session: Option<String>,
    events: Vec<Value>,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `CHROMIUM`, or what is installed.
fn program() -> PathBuf {
    if let Some(path) = env::var_os("CHROMIUM") {
        return path.into();
    }
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| folders.iter().map(|it| it.join(name)).find(|it| it.is_file()));
    found.expect("this test needs a browser: install Debian's package `chromium`, or set CHROMIUM to one")
}

impl Browser {
    pub fn start() -> Browser {
        let profile = TempDir::new().unwrap();
        // The browser reads commands from its third file and answers on the fourth one.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 0</dev/null 1>&2", "sh"])
            .arg(program())
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
            ])
            .args(["--no-first-run", "--hide-scrollbars", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            // Killed at the end, it leaves its temporary files where they are.
            .env("TMPDIR", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut browser = Browser {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
            next_id: 0,
            session: None,
            events: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", &attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Gives a command and waits for its result.
    #[track_caller]
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.next_id += 1;
        let mut message = json!({ "id": self.next_id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(0);
        self.input.write_all(&bytes).unwrap();
        loop {
            let message = self.read();
            if message["id"] == self.next_id {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.output.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&bytes).unwrap()
    }

    fn wait_for(&mut self, method: &str) {
        while !self.events.iter().any(|it| it["method"] == method) {
            let message = self.read();
            self.events.push(message);
        }
    }

    /// Opens a page anew and waits until it is there.
    pub fn open(&mut self, url: &str, screen: Screen) {
        let Screen { width, scheme } = screen;
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", &media);
        self.events.clear();
        let opened = self.call("Page.navigate", &json!({ "url": url }));
        assert!(opened["errorText"].is_null(), "{opened}");
        self.wait_for("Page.loadEventFired");
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        let result = self.call("Runtime.evaluate", &params);
        assert!(result["exceptionDetails"].is_null(), "{result}");
        result["result"]["value"].clone()
    }

    /// What the browser complains about since the page was opened: errors, warnings, violations of the policy.
    pub fn complaints(&mut self) -> Vec<String> {
        // What the page has caused is reported before the answer to a later question.
        self.eval("0");
        const SAID: [&str; 4] = [
            "Log.entryAdded",
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Network.loadingFailed",
        ];
        let said = self
            .events
            .iter()
            .filter(|it| SAID.iter().any(|name| it["method"] == *name));
        said.map(|it| it["params"].to_string()).collect()
    }

    /// Addresses that the page asked for.
    pub fn requests(&self) -> Vec<String> {
        let sent = self
            .events
            .iter()
            .filter(|it| it["method"] == "Network.requestWillBeSent");
        let url = sent.filter_map(|it| it["params"]["request"]["url"].as_str());
        url.filter(|it| !it.starts_with("data:"))
            .map(str::to_owned)
            .collect()
    }

    /// How many nodes of that role assistive programs see.
    pub fn n_of_role(&mut self, role: &str) -> usize {
        let tree = self.call("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].as_array().unwrap();
        nodes.iter().filter(|it| it["role"]["value"] == role).count()
    }

    /// A picture of the whole page. `SCREENSHOTS` names a folder where people find it.
    pub fn picture(&mut self, name: &str) -> Vec<u8> {
        let params = json!({ "format": "png", "captureBeyondViewport": true });
        let shot = self.call("Page.captureScreenshot", &params);
        let png = BASE64_STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        if let Some(folder) = env::var_os("SCREENSHOTS") {
            fs::write(PathBuf::from(folder).join(format!("{name}.png")), &png).unwrap();
        }
        png
    }
}
