//! A server that speaks the protocol of S3: `moto`, from the Python package index.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::skip;

/// Runs the server, and ends it when whoever started it goes away, which closes its input.
const PROGRAM: &str = "
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
";

/// How long it may take until the server answers.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server. It keeps what it is given in memory and checks no signatures.
pub struct S3Server {
    address: SocketAddr,
    _process: Child,
}

impl S3Server {
    /// The server that all tests of a program share, each in a bucket of its own; `None`, loudly, where `moto` is not
    /// installed.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Result<S3Server, String>> = OnceLock::new();
        match SERVER.get_or_init(Self::start) {
            Ok(server) => Some(server),
            Err(why) => {
                skip("an S3 server (pip install 'moto[server]')", why);
                None
            }
        }
    }

    fn start() -> Result<Self, String> {
        let free = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let address = free.local_addr().map_err(|error| error.to_string())?;
        drop(free);
        let mut process = Command::new("python3")
            .args(["-c", PROGRAM, &address.port().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("python3: {error}"))?;
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = process.try_wait() {
                return Err(format!("python3 -m moto.server ended with {status}"));
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("it does not answer within {PATIENCE:?}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Self {
            address,
            _process: process,
        })
    }

    /// Where it is asked.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes a bucket.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub fn create_bucket(&self, bucket: &str) {
        self.send("PUT", &format!("/{bucket}"), b"");
    }

    /// Writes an object.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub fn put(&self, bucket: &str, key: &str, content: impl AsRef<[u8]>) {
        self.send("PUT", &format!("/{bucket}/{key}"), content.as_ref());
    }

    /// Deletes an object.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub fn delete(&self, bucket: &str, key: &str) {
        self.send("DELETE", &format!("/{bucket}/{key}"), b"");
    }

    fn send(&self, method: &str, target: &str, content: &[u8]) {
        let answer = self
            .exchange(method, target, content)
            .expect("an answer of the S3 server");
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with('2'), "{method} {target}: {answer}");
    }

    fn exchange(&self, method: &str, target: &str, content: &[u8]) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(self.address)?;
        let address = self.address;
        // A signature is not checked, but its form decides which service is meant.
        let credential = "Credential=test/20200101/us-east-1/s3/aws4_request";
        let authorization = format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0");
        let length = content.len();
        write!(
            stream,
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\n\
             Connection: close\r\nContent-Length: {length}\r\n\r\n"
        )?;
        stream.write_all(content)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
