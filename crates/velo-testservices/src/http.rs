//! A web server on this machine that does what a test tells it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::Identity;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers by their names in lower case.
    pub headers: HashMap<String, String>,
}

impl Request {
    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(&name.to_ascii_lowercase()).map(String::as_str)
    }
}

/// What the server answers.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Bytes of the body after which the connection is closed.
    cut_at: Option<usize>,
    /// Time before the answer.
    delay: Duration,
    /// Bytes of the body after which the server is silent for a while.
    pause: Option<(usize, Pause)>,
}

/// How long a server is silent.
#[derive(Debug, Clone)]
enum Pause {
    For(Duration),
    Until(Gate),
}

/// Keeps something back until a test lets it go, or a minute is over.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Lets go whoever waits here, now and later.
    pub fn open(&self) {
        let Self(shared) = self;
        *locked(&shared.0) = true;
        shared.1.notify_all();
    }

    fn wait(&self) {
        let Self(shared) = self;
        let is_shut = |is_open: &mut bool| !*is_open;
        drop(shared.1.wait_timeout_while(locked(&shared.0), GATE_PATIENCE, is_shut));
    }
}

/// Longest time that a gate stays shut.
const GATE_PATIENCE: Duration = Duration::from_mins(1);

impl Answer {
    /// An answer with a body.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            cut_at: None,
            delay: Duration::ZERO,
            pause: None,
        }
    }

    /// `200 OK` with a body of a type.
    pub fn ok(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, body).with_header("Content-Type", content_type)
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Closes the connection after so many bytes of the body, of which more were promised.
    #[must_use]
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.cut_at = Some(bytes);
        self
    }

    /// Lets time pass before the answer.
    #[must_use]
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Lets time pass after so many bytes of the body.
    #[must_use]
    pub fn paused_at(mut self, bytes: usize, pause: Duration) -> Self {
        self.pause = Some((bytes, Pause::For(pause)));
        self
    }

    /// Keeps back what is behind so many bytes of the body.
    #[must_use]
    pub fn held_at(mut self, bytes: usize, gate: &Gate) -> Self {
        self.pause = Some((bytes, Pause::Until(gate.clone())));
        self
    }
}

/// Bytes of a body that are sent at a time.
const CHUNK_BYTES: usize = 64 << 10;

type Handler = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

#[derive(Default)]
struct State {
    handlers: HashMap<String, Handler>,
    requests: Vec<Request>,
    /// Bytes of bodies that were taken by those who asked.
    sent_bytes: u64,
    /// Answers that somebody stopped reading half way.
    abandoned: usize,
}

/// The server; it stops when it is dropped.
pub struct HttpServer {
    address: SocketAddr,
    is_secure: bool,
    state: Arc<Mutex<State>>,
    is_stopped: Arc<AtomicBool>,
}

impl HttpServer {
    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts a server that speaks TLS as somebody; its URLs are those of `localhost`.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    pub fn start_secure(identity: &Identity) -> Self {
        Self::start_with(Some(identity.server_config()))
    }

    fn start_with(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port to listen on");
        let address = listener.local_addr().expect("the address of a listener");
        let server = Self {
            address,
            is_secure: tls.is_some(),
            state: Arc::default(),
            is_stopped: Arc::default(),
        };
        let (state, is_stopped) = (Arc::clone(&server.state), Arc::clone(&server.is_stopped));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if is_stopped.load(Ordering::Relaxed) {
                    break;
                }
                let (state, tls) = (Arc::clone(&state), tls.clone());
                std::thread::spawn(move || stream.and_then(|stream| answer(stream, tls, &state)));
            }
        });
        server
    }

    /// Where the server listens: `127.0.0.1:port`, or with TLS `localhost:port`.
    pub fn address(&self) -> String {
        if self.is_secure {
            return format!("localhost:{}", self.address.port());
        }
        self.address.to_string()
    }

    /// The URL of a target.
    pub fn url(&self, target: &str) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{target}", self.address())
    }

    /// Answers every request for a path, whatever its query, as `answer` says. Requests that come while it is at work are
    /// answered side by side.
    pub fn on(&self, path: &str, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
        locked(&self.state).handlers.insert(path.to_owned(), Arc::new(answer));
    }

    /// Answers requests for a path one after the other, and all further ones as the last.
    ///
    /// # Panics
    ///
    /// Without an answer.
    pub fn on_in_turn(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let answers: Vec<Answer> = answers.into_iter().collect();
        assert!(!answers.is_empty(), "{path} needs an answer");
        let next = Mutex::new(0);
        self.on(path, move |_| {
            let mut next = locked(&next);
            let answer = answers[(*next).min(answers.len() - 1)].clone();
            *next += 1;
            answer
        });
    }

    /// Bytes of bodies that have been taken so far, into the buffers of sockets at least.
    pub fn sent_bytes(&self) -> u64 {
        locked(&self.state).sent_bytes
    }

    /// Answers so far that were not read to their end.
    pub fn abandoned(&self) -> usize {
        locked(&self.state).abandoned
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.state).requests.clone()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request, with TLS or without, and closes the connection.
fn answer(stream: TcpStream, tls: Option<Arc<ServerConfig>>, state: &Mutex<State>) -> std::io::Result<()> {
    let Some(tls) = tls else {
        return serve(stream, state);
    };
    let connection = ServerConnection::new(tls).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    serve(&mut stream, state)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn serve(mut stream: impl Read + Write, state: &Mutex<State>) -> std::io::Result<()> {
    let Some(request) = read_request(&mut stream)? else {
        return Ok(());
    };
    let handler = {
        let mut state = locked(state);
        state.requests.push(request.clone());
        state.handlers.get(request.path()).cloned()
    };
    let answer = handler.map_or_else(|| Answer::new(404, "nothing is here"), |handler| handler(&request));
    std::thread::sleep(answer.delay);
    let has_body = request.method != "HEAD" && answer.status != 304;
    let mut head = Vec::new();
    write!(head, "HTTP/1.1 {} Answer\r\nConnection: close\r\n", answer.status)?;
    if answer.status != 304 {
        write!(head, "Content-Length: {}\r\n", answer.body.len())?;
    }
    for (name, value) in &answer.headers {
        write!(head, "{name}: {value}\r\n")?;
    }
    head.extend_from_slice(b"\r\n");
    stream.write_all(&head)?;
    if has_body {
        let sent = send_body(&mut stream, &answer, state);
        if sent.is_err() {
            locked(state).abandoned += 1;
        }
        return sent;
    }
    stream.flush()
}

fn send_body(stream: &mut impl Write, answer: &Answer, state: &Mutex<State>) -> std::io::Result<()> {
    let end = answer.cut_at.unwrap_or(answer.body.len());
    let at = answer.pause.as_ref().map_or(end, |(at, _)| end.min(*at));
    let (before, behind) = answer.body[..end].split_at(at);
    let mut send = |bytes: &[u8]| {
        bytes.chunks(CHUNK_BYTES).try_for_each(|chunk| {
            stream.write_all(chunk)?;
            locked(state).sent_bytes += chunk.len() as u64;
            Ok::<(), std::io::Error>(())
        })
    };
    send(before)?;
    match &answer.pause {
        Some((_, Pause::For(time))) => std::thread::sleep(*time),
        Some((_, Pause::Until(gate))) => gate.wait(),
        None => {}
    }
    send(behind)?;
    stream.flush()
}

fn read_request(stream: &mut impl Read) -> std::io::Result<Option<Request>> {
    let mut lines = BufReader::new(stream).lines();
    let Some(first) = lines.next().transpose()? else {
        return Ok(None);
    };
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = HashMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else {
            break; // The empty line behind them.
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    Ok(Some(Request {
        method,
        target,
        headers,
    }))
}
