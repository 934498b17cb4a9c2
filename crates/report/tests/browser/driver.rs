//! Chromium through its driver, by the WebDriver protocol (W3C 2018): JSON over HTTP.
//!
//! The protocol is spoken here with the HTTP client that the workspace has anyway: a client crate
//! would bring seventy others with it, and what these tests ask beside the standard (media, scripts
//! off, downloads, the network's log) is the driver's own and plain JSON there too.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Set to any value, a machine without a browser fails these tests instead of skipping them.
const REQUIRED: &str = "EVENKEEL_BROWSER_REQUIRED";

/// A browser with one window, closed when dropped.
pub(crate) struct Browser {
    driver: Child,
    http: ureq::Agent,
    /// The session's address.
    session: String,
    folder: TempDir,
}

/// Where a page is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Browser {
    /// Starts one; says on stderr that it was skipped on a machine that has none.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) fn start() -> Option<Self> {
        let browsers = ["chromium", "chromium-browser", "google-chrome"];
        match (on_path(&["chromedriver"]), on_path(&browsers)) {
            (Some(driver), Some(browser)) => Some(Self::launch(&driver, &browser)),
            _ if env::var_os(REQUIRED).is_some() => {
                panic!("{REQUIRED} is set, and chromium or chromedriver is not on the PATH")
            }
            _ => {
                eprintln!("skipped: chromium and chromedriver are not on the PATH");
                None
            }
        }
    }

    fn launch(driver: &Path, browser: &Path) -> Self {
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port = port_of(&mut driver);
        let http: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let folder = tempfile::tempdir().unwrap();
        let mut started = Self {
            driver,
            http,
            session: format!("http://127.0.0.1:{port}/session"),
            folder,
        };
        let profile = started.folder.path().join("profile");
        let options = json!({
            "binary": browser,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--window-size=1440,1000",
                format!("--user-data-dir={}", profile.display()),
            ],
        });
        let session = started.post(
            "",
            &json!({"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }}}),
        );
        let id = session["sessionId"].as_str().unwrap();
        started.session = format!("{}/{id}", started.session);
        // The page that the browser itself begins with is none of ours.
        started.post("/url", &json!({"url": "about:blank"}));
        started.log("performance");
        started.log("browser");
        started
    }

    /// Sends a command to the session and returns its value.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let address = format!("{}{path}", self.session);
        let mut answer = self
            .http
            .post(&address)
            .header("Content-Type", "application/json")
            .send(body.to_string())
            .unwrap();
        let status = answer.status();
        let text = answer
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()
            .unwrap();
        let mut parsed: Value = serde_json::from_str(&text).unwrap();
        assert!(status.is_success(), "{path}: {text}");
        parsed["value"].take()
    }

    /// The browser's own folder, gone with it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a page and opens it as a reader would, from a file; returns its address.
    pub(crate) fn open(&self, html: &str) -> String {
        let path = self.folder.path().join("report.html");
        std::fs::write(&path, html).unwrap();
        let address = format!("file://{}", path.display());
        self.post("/url", &json!({"url": address}));
        address
    }

    /// The value of a function body run in the page.
    pub(crate) fn ask(&self, script: &str) -> Value {
        self.ask_with(script, json!([]))
    }

    pub(crate) fn ask_with(&self, script: &str, arguments: Value) -> Value {
        self.post(
            "/execute/sync",
            &json!({"script": script, "args": arguments}),
        )
    }

    /// A command of the Chrome DevTools Protocol.
    pub(crate) fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post(
            "/goog/cdp/execute",
            &json!({"cmd": command, "params": parameters}),
        )
    }

    /// What has been logged since the last time: `browser` or `performance`.
    pub(crate) fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.post("/se/log", &json!({"type": kind}));
        entries.as_array().unwrap().clone()
    }

    /// A window this wide, with a theme.
    pub(crate) fn look(&self, width: u32, theme: Theme) {
        let scheme = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}),
        );
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({"media": "screen", "features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        );
    }

    /// Moves the mouse to a place in the window, and clicks there if asked to.
    pub(crate) fn mouse(&self, (x, y): (f64, f64), click: Click) {
        self.point("mouse", (x, y), click);
    }

    /// Taps a place in the window with a finger.
    pub(crate) fn tap(&self, at: (f64, f64)) {
        self.point("touch", at, Click::Yes);
    }

    fn point(&self, kind: &str, (x, y): (f64, f64), click: Click) {
        let mut actions = vec![json!({
            "type": "pointerMove", "duration": 20, "x": x.round(), "y": y.round(), "origin": "viewport",
        })];
        if click == Click::Yes {
            actions.push(json!({"type": "pointerDown", "button": 0}));
            actions.push(json!({"type": "pointerUp", "button": 0}));
        }
        self.post(
            "/actions",
            &json!({"actions": [{
                "type": "pointer", "id": kind, "parameters": {"pointerType": kind}, "actions": actions,
            }]}),
        );
    }

    /// Presses keys one after another; those without a letter are WebDriver's code points.
    pub(crate) fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                let key = key.to_string();
                [
                    json!({"type": "keyDown", "value": key}),
                    json!({"type": "keyUp", "value": key}),
                ]
            })
            .collect();
        self.post(
            "/actions",
            &json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}),
        );
    }
}

/// Whether a pointer clicks where it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Click {
    No,
    Yes,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser ends with its session; the driver is ours to end.
        let _ = self.http.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The driver picks a free port and says which.
fn port_of(driver: &mut Child) -> u16 {
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let told = |line: String| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    };
    lines
        .map_while(Result::ok)
        .find_map(told)
        .expect("chromedriver names its port")
}

/// The first of these programs that is on the PATH.
fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
}
