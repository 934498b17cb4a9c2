//! A mirror of our own on this machine, for the tests that download.

// Each test file is a crate of its own, and none asks for every answer.
#![allow(dead_code, unreachable_pub)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// What a server answers with.
#[derive(Clone)]
pub enum Answer {
    Body(Vec<u8>),
    /// Half the body, then the connection is closed.
    Half(Vec<u8>),
    /// The body in two halves with a pause between, so that two downloads overlap.
    Slow(Vec<u8>),
    Status(u16),
}

/// An HTTP server on a free port of this machine, until it is dropped.
pub struct Server {
    pub url: String,
    requests: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub fn answering(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mnist/", listener.local_addr().unwrap());
        let server = Self {
            url,
            requests: Arc::default(),
            stop: Arc::default(),
        };
        let (requests, stop) = (server.requests.clone(), server.stop.clone());
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                requests.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                thread::spawn(move || serve(stream.unwrap(), &*answer));
            }
        });
        server
    }

    pub fn always(answer: Answer) -> Self {
        Self::answering(move |_| answer.clone())
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let address = self
            .url
            .trim_start_matches("http://")
            .trim_end_matches("/mnist/");
        let _ = TcpStream::connect(address);
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&str) -> Answer) {
    let mut request = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = request.next().unwrap().unwrap();
    let path = first.split(' ').nth(1).unwrap().to_owned();
    while request.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    let mut head = |status: u16, length: usize| {
        write!(
            stream,
            "HTTP/1.1 {status} -\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    // A client that has seen enough hangs up: that is its right.
    let _ = match answer(path.trim_start_matches("/mnist/")) {
        Answer::Status(status) => head(status, 0),
        Answer::Body(body) => head(200, body.len()).and_then(|()| stream.write_all(&body)),
        Answer::Half(body) => {
            head(200, body.len()).and_then(|()| stream.write_all(&body[..body.len() / 2]))
        }
        Answer::Slow(body) => head(200, body.len()).and_then(|()| {
            let (first, second) = body.split_at(body.len() / 2);
            stream.write_all(first)?;
            thread::sleep(Duration::from_millis(200));
            stream.write_all(second)
        }),
    };
}

/// An address of this machine where nothing listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}
